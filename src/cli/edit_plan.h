// edit_plan.h - what `ip2p edit` is going to do: flags and record resolved, and everything checked
// that can be checked before a model is loaded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ip2p/edit/record.h"
#include "ip2p/image/write.h"
#include "ip2p/model/manifest.h"
#include "ip2p/model/rewrites.h"

#include "bundle_choice.h"
#include "edit_flags.h"

namespace ip2p::cli {

/// One picture to make.
struct PlannedOutput {
  std::uint64_t seed;
  fs::path path;  ///< "-" is stdout
};

struct EditPlan {
  std::string input;                      ///< a path, or "-"
  std::optional<std::string> input_hash;  ///< what its SHA-256 must be; nullopt: anything
  EditRequest request;
  BundleChoice bundle;
  std::string device;
  std::string dtype;
  Rewrites rewrites;
  Manifest manifest;
  OutputFormat format;
  std::vector<PlannedOutput> outputs;
};

/// Reads the record of --from and the bundle's manifest; nothing else is opened. Warns of what is
/// allowed and surprising.
EditPlan plan_edit(const EditFlags& flags);

}  // namespace ip2p::cli
