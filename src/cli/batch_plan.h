// batch_plan.h - what `ip2p batch` is going to do: every item's request, output and part, decided
// before a model is loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/batch/engine.h"
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

  /// The items from the beginning; every call starts over, except on stdin, where `stopping` ends
  /// the waiting for lines.
  [[nodiscard]] std::unique_ptr<ItemSource> items(const StopCheck& stopping = {}) const;
  /// Everything decided for an item; nullopt when it is another shard's. Error{usage} for one that
  /// cannot be.
  [[nodiscard]] std::optional<BatchTask> task(BatchItem item) const;
  [[nodiscard]] bool reads_stdin() const { return reads_stdin_; }
  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] const Shard& shard() const { return shard_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const BundleChoice& bundle() const { return bundle_; }

 private:
  [[nodiscard]] std::optional<BatchTask> placed(BatchItem item) const;
  [[nodiscard]] std::uint64_t fingerprint(const BatchTask& task) const;
  [[nodiscard]] fs::path output_of(const BatchItem& item, std::uint64_t seed) const;

  const BatchFlags& flags_;
  ItemRules rules_;
  fs::path folder_;
  Shard shard_;
  BundleChoice bundle_;
  Manifest manifest_;
  std::string pattern_;
  bool reads_stdin_ = false;
};

/// Where an item stands before a run.
enum class Standing { to_do, done, failed };

/// What a look at every item found.
struct BatchSurvey {
  std::uint64_t items = 0;            ///< of all shards
  std::uint64_t here = 0;             ///< of this one
  std::uint64_t done = 0;             ///< of these, in earlier runs
  std::uint64_t failed = 0;           ///< in earlier runs, and not to be tried again
  std::uint64_t to_do = 0;            ///< the rest
  std::uint64_t steps = 0;            ///< denoising steps that those take, one picture at a time
  std::uint64_t replaced = 0;         ///< of those to do: an earlier run made another picture there
  std::uint64_t blocked = 0;          ///< of those to do: something is in the output's way
  std::uint64_t absent = 0;           ///< of those to do: there is no input
  std::uint64_t skipped = 0;          ///< files that are no pictures, and the batch's own outputs
  std::vector<std::string> unlisted;  ///< folders that cannot be listed, each a sentence
  std::vector<fs::path> first;        ///< some of the outputs that are to do
};

/// Says where a task stands, and fills in whether it `replaces` what is there.
using FindStanding = std::function<Standing(BatchTask&)>;

/// Goes through all items before the first is edited; without `standing` all are to do, and what
/// is replaced, blocked and absent is not counted. Ends early when a signal came. Error{usage} when
/// two different items have one output, naming both (on stdin they follow each other); Error{file}
/// when there are no items.
BatchSurvey survey(const BatchPlan& plan, const FindStanding& standing = {});

}  // namespace ip2p::cli
