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
/// A line begins with "output", "fingerprint" (16 hex digits), "status" ("done" or "failed") and
/// "time" (UTC, to the millisecond); the rest of the result follows. Of an output's lines the
/// latest counts, by time, so that files of several runs can be read together; but a failure does
/// not count against another file's line that the same request is done. Superseded lines are taken
/// out when the log is closed well (by way of a temporary file, moved into place).
///
/// Paths need not be UTF-8, JSON must be: in every string, a byte that is not UTF-8 is written as
/// \u0000 and its two hexadecimal digits (no path has a NUL, so all others are written as they
/// are).
///
/// What it knows takes 24 bytes an output. A crash of the machine, unlike one of the process, may
/// take what was appended since the last `flush`.
class ResultsLog {
 public:
  /// Opens or makes the log of `shard` below `folder` and reads every results file there, so that
  /// what another shard, or an unsharded run, has done is known. `fresh` (--no-resume) forgets what
  /// is known: its own log begins empty, and what it was stays as .ip2p/NAME.before. A torn last
  /// line is cut off. Takes a lock in .ip2p: Error{file} when another process is at work on this
  /// folder (unsharded with anything, or the same shard, or shards of another count), with what to
  /// do. Lines that are no results are Error{file} with their number: not ours to touch.
  ResultsLog(const fs::path& folder, const Shard& shard, bool fresh);
  ResultsLog(ResultsLog&&) noexcept;
  ResultsLog& operator=(ResultsLog&&) noexcept;
  ~ResultsLog();

  /// What is known of an output (its path below the folder) under this fingerprint of its request;
  /// a line with another fingerprint is nothing.
  [[nodiscard]] Known known(const std::string& output, std::uint64_t fingerprint) const;

  /// Whether a run of this folder has made that output, under whatever fingerprint.
  [[nodiscard]] bool has_made(const std::string& output) const;

  /// `result` must have "output" (string, as `known` takes it). Error{file} when the disk is full:
  /// then nothing of the line is there. Thread-safe: these, `known`, `has_made` and `flush`.
  void begin_write(std::uint64_t fingerprint, const nlohmann::ordered_json& result,
                   const std::string& bytes_sha256);
  void done(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  void failed(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  /// Makes what was appended last through a crash of the machine.
  void flush();
  /// The good end: takes superseded lines out (a disk too full for that leaves them, with a
  /// warning) and releases the lock. Without it nothing is lost either. Nothing is called after it.
  void close();

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
  std::uint64_t of_shards = 0;  ///< how many there should be, over all counts that occur
};

/// Joins results-*-of-*.jsonl (and results.jsonl) of a folder into results.jsonl: one line an
/// output, the latest of those that are done, else the latest that failed, in the order of the
/// outputs' names; whole or not at all. Outputs that a killed run did not come to log are among
/// them. The shards' files stay. Error{file} when there are none, or when a run holds the lock.
MergedResults merge_results(const fs::path& folder);

}  // namespace ip2p
