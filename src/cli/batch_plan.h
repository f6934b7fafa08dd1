// batch_plan.h - what `ip2p batch` is going to do: every item's request, output and part, decided
// before a model is loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/batch/item_source.h"
#include "ip2p/batch/output_name.h"
#include "ip2p/batch/shard.h"
#include "ip2p/batch/task.h"
#include "ip2p/model/manifest.h"

#include "batch_flags.h"
#include "bundle_choice.h"

namespace ip2p::cli {

/// The run as the flags ask for it.
class BatchPlan {
 public:
  /// Checks flags and reads the bundle's manifest. Error{usage}, Error{model}.
  explicit BatchPlan(const BatchFlags& flags);

  /// The items from the beginning; every call starts over (not for stdin).
  [[nodiscard]] std::unique_ptr<ItemSource> items() const;
  /// Everything decided for an item; nullopt when it is another shard's. Error{usage} for one that
  /// cannot be.
  [[nodiscard]] std::optional<BatchTask> task(BatchItem item) const;
  /// The rules for items that come by stdin.
  [[nodiscard]] const ItemRules& rules() const { return rules_; }

  [[nodiscard]] bool reads_stdin() const { return reads_stdin_; }
  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] const Shard& shard() const { return shard_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const BundleChoice& bundle() const { return bundle_; }

 private:
  [[nodiscard]] std::uint64_t fingerprint(const BatchTask& task) const;

  const BatchFlags& flags_;
  ItemRules rules_;
  fs::path folder_;
  Shard shard_;
  BundleChoice bundle_;
  Manifest manifest_;
  std::string pattern_;
  bool reads_stdin_ = false;
};

/// What a look at every item found.
struct BatchSurvey {
  std::uint64_t items = 0;      ///< of all shards
  std::uint64_t here = 0;       ///< of this one
  std::uint64_t skipped = 0;    ///< files that are no pictures
  std::vector<fs::path> first;  ///< some of the outputs
};

/// Goes through all items before the first is edited. Error{usage} when two have one output, naming
/// both.
BatchSurvey survey(const BatchPlan& plan);

}  // namespace ip2p::cli
