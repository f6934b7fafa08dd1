// results_log.h - what became of every item: results.jsonl, which is also what a resumed run knows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"
#include "ip2p/batch/shard.h"

namespace ip2p {

/// What the log knows of an output.
enum class Known { nothing, done, failed };

/// The log of one run's shard in an output folder: an append-only file, one JSON object a line, for
/// people and for a run that goes on. results.jsonl, or results-I-of-N.jsonl for a shard.
///
/// Order of an item's events, so that a process may be killed between any two: `begin_write` (the
/// result line that is to be, and the hash of the bytes, into a file beside the log), the output is
/// moved into place by the caller, `done` (the line is appended). A log that is opened again finds
/// outputs that were moved but not logged by their hash, and logs them.
///
/// A line is found by its output; the last one counts. Superseded lines are taken out when the log
/// is closed well (by way of a temporary file, moved into place).
class ResultsLog {
 public:
  /// Opens or makes the log of `shard` below `folder` and reads every results file there, so that
  /// what another shard, or an unsharded run, has done is known. `fresh` (--no-resume) forgets what
  /// is known. A torn last line is cut off. Takes a lock: Error{file} when another process is at
  /// work on this folder (unsharded with anything, or the same shard, or shards of another count),
  /// with what to do. Lines that are no results are Error{file} with their number: not ours to
  /// touch.
  ResultsLog(const fs::path& folder, const Shard& shard, bool fresh);
  ResultsLog(ResultsLog&&) noexcept;
  ResultsLog& operator=(ResultsLog&&) noexcept;
  ~ResultsLog();

  /// What is known of an output (its path below the folder) under this fingerprint of its request;
  /// a line with another fingerprint is nothing.
  [[nodiscard]] Known known(const std::string& output, std::uint64_t fingerprint) const;

  /// Whether a run of this folder has made that output, under whatever fingerprint.
  [[nodiscard]] bool has_made(const std::string& output) const;

  /// `result` must have "output" (string); "fingerprint" is added as 16 hex digits. Thread-safe,
  /// all four.
  void begin_write(std::uint64_t fingerprint, const nlohmann::ordered_json& result,
                   const std::string& bytes_sha256);
  void done(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  void failed(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  /// Makes what was appended last through a crash of the machine.
  void flush();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// What merging found.
struct MergedResults {
  std::uint64_t results = 0;    ///< outputs that have a line
  std::uint64_t failed = 0;     ///< of them
  std::uint64_t missing = 0;    ///< outputs that are said to be done and are not there
  std::uint64_t shards = 0;     ///< of which there are results
  std::uint64_t of_shards = 0;  ///< how many there should be
};

/// Joins results-*-of-*.jsonl (and results.jsonl) of a folder into results.jsonl: one line an
/// output, those that are done before those that failed where both are said, in the order of the
/// outputs' names; whole or not at all. The shards' files stay. Error{file} when there are none,
/// or when a run holds the lock.
MergedResults merge_results(const fs::path& folder);

}  // namespace ip2p
