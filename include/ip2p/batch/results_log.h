// results_log.h - what became of every item: results.jsonl, which is also what a resumed run knows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"
#include "ip2p/batch/shard.h"

namespace ip2p {

/// What the log knows of an output.
enum class Known { nothing, done, failed };

/// A fingerprint names an item's input in its upper 24 bits, and in the lower 40 all that decides
/// its picture but the input's content.
inline constexpr int request_bits = 40;

/// What a run has made of an output.
struct EarlierOutput {
  bool of_this_input = false;  ///< of the input that the fingerprint names
  std::int64_t time_ms = 0;    ///< of its line, since 1970: the file is not younger
};

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
  /// what another shard, or an unsharded run, has done is known. A torn last
  /// line is cut off. Takes a lock in .ip2p: Error{file} when another process is at work on this
  /// folder (unsharded with anything, or the same shard, or shards of another count), with what to
  /// do. Lines that are no results are Error{file} with their number: not ours to touch.
  ResultsLog(const fs::path& folder, const Shard& shard);
  ResultsLog(ResultsLog&&) noexcept;
  ResultsLog& operator=(ResultsLog&&) noexcept;
  ~ResultsLog();

  /// What is known of an output (its path below the folder) under this fingerprint of its request,
  /// wherever its input lies; a line of another request is nothing.
  [[nodiscard]] Known known(const std::string& output, std::uint64_t fingerprint) const;

  /// What a run of this folder has made there, for whatever request; nullopt: nothing.
  [[nodiscard]] std::optional<EarlierOutput> made(const std::string& output,
                                                  std::uint64_t fingerprint) const;

  /// `result` must have "output" (string, as `known` takes it). Error{file} when the disk is full:
  /// then nothing of the line is there. Thread-safe: these, `known`, `made` and `flush`.
  void begin_write(std::uint64_t fingerprint, const nlohmann::ordered_json& result,
                   const std::string& bytes_sha256);
  void done(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  void failed(std::uint64_t fingerprint, const nlohmann::ordered_json& result);
  /// Makes what was appended last through a crash of the machine.
  void flush();
  /// Says that the run came to the end of its `items`: merging takes a shard that does not for
  /// unfinished. Undone by the next run's opening.
  void finished(std::uint64_t items);
  /// The good end: takes superseded lines out (a disk too full for that leaves them, with a
  /// warning) and releases the lock. Without it nothing is lost either. Nothing is called after it.
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// What merging found. Of shards those of the latest count are looked at: of an earlier try with
/// another count nothing is expected.
struct MergedResults {
  static constexpr std::size_t most_named = 1000;

  std::uint64_t results = 0;    ///< outputs that have a line
  std::uint64_t failed = 0;     ///< of them
  std::uint64_t missing = 0;    ///< outputs that are said to be done and are not there
  std::uint64_t shards = 0;     ///< whose runs came to their end
  std::uint64_t of_shards = 0;  ///< how many there should be; 0 where nothing was sharded
  std::vector<std::string> missing_outputs;      ///< no more than `most_named` of them
  std::vector<std::uint64_t> unfinished_shards;  ///< the others, from 1
};

/// Joins results-*-of-*.jsonl (and results.jsonl) of a folder into results.jsonl: one line an
/// output, the latest, except that a failure does not count against another file's line that the
/// same request is done; in the order of the outputs' names; whole or not at all. Outputs that a
/// killed run did not come to log are among them. The shards' files stay. Error{file} when there
/// are none, or when a run holds the lock.
MergedResults merge_results(const fs::path& folder);

}  // namespace ip2p
