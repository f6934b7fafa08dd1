// earlier_results.h - what the runs before have left in an output folder, for one that only looks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ip2p/base/files.h"
#include "ip2p/batch/results_log.h"

namespace ip2p {

/// The results files of a folder as they are now: nothing is locked or written, and a run may be at
/// work on them. What a killed run did not come to log is not known here; the run itself finds it.
class EarlierResults {
 public:
  /// No folder and no results are no error. Error{file} for lines that are no results, with their
  /// number, and for what cannot be read.
  explicit EarlierResults(const fs::path& folder);
  EarlierResults(EarlierResults&&) noexcept;
  EarlierResults& operator=(EarlierResults&&) noexcept;
  ~EarlierResults();

  /// As ResultsLog::known.
  [[nodiscard]] Known known(const std::string& output, std::uint64_t fingerprint) const;

  /// As ResultsLog::made.
  [[nodiscard]] std::optional<EarlierOutput> made(const std::string& output,
                                                  std::uint64_t fingerprint) const;

  /// What a step of one picture took on one device, in seconds: of the latest pictures that this
  /// bundle made, all steps over all seconds of editing. nullopt: it made none.
  [[nodiscard]] std::optional<double> step_s(const std::string& bundle_sha256) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
