// edit_plan.h - what `ip2p edit` is going to do: flags and record resolved, and everything checked
// that can be checked before a model is loaded.
#pragma once

#include <string>
#include <vector>

#include "ip2p/edit/record.h"
#include "ip2p/image/write.h"
#include "ip2p/model/manifest.h"

#include "edit_flags.h"

namespace ip2p::cli {

/// One picture to make.
struct PlannedOutput {
  std::uint64_t seed;
  fs::path path;  ///< "-" is stdout
};

struct EditPlan {
  std::string input;       ///< a path, or "-"
  std::string input_hash;  ///< what its SHA-256 must be; empty: anything
  EditRequest request;
  fs::path model;
  std::string device;
  std::string dtype;
  Manifest manifest;
  OutputFormat format;
  std::vector<PlannedOutput> outputs;
};

EditPlan plan_edit(const EditFlags& flags);

}  // namespace ip2p::cli
