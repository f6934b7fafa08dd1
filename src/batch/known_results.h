// known_results.h - the last word on every output, 24 bytes each.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "ip2p/batch/results_log.h"

#include "result_line.h"

namespace ip2p {

/// What is known of one output.
struct KnownResult {
  std::uint64_t output_hash = 0;
  std::uint64_t fingerprint = 0;
  std::uint64_t time_ms : 42 = 0;  // to the year 2109
  std::uint64_t file : 20 = 0;     // number of the file that says it
  std::uint64_t is_done : 1 = 0;
  std::uint64_t is_made : 1 = 0;  // a run has made the output, if not for this request
};
static_assert(sizeof(KnownResult) == 24);

/// The part of a fingerprint that names the input, and the one that names the request.
constexpr std::uint64_t input_of(std::uint64_t fingerprint) {
  return fingerprint >> static_cast<unsigned>(request_bits);
}
constexpr std::uint64_t request_of(std::uint64_t fingerprint) {
  return fingerprint & ((std::uint64_t{1} << static_cast<unsigned>(request_bits)) - 1);
}

/// What that says of a request; `said` is nullopt where nothing is known of the output.
Known known_of(const std::optional<KnownResult>& said, std::uint64_t fingerprint);

/// What it says of what was made; nullopt when nothing was.
std::optional<EarlierOutput> made_of(const std::optional<KnownResult>& said,
                                     std::uint64_t fingerprint);

/// Filled from files in any order by `add`, then sorted once by `settle`; `put` and `find` follow.
/// Not safe to use from several threads.
class KnownResults {
 public:
  void add(const ResultLine& line, std::uint64_t file);

  /// Keeps the last word on each output: that of the latest line; but a failure in one file does
  /// not count against another file's line that the same request is done, since a failure leaves
  /// the output as it was.
  void settle();

  /// A newer word. True when there was one before.
  bool put(const ResultLine& line, std::uint64_t file);

  [[nodiscard]] std::optional<KnownResult> find(std::uint64_t output_hash) const;

  /// Since `add`: how many lines of one file said something of an output of which a line of that
  /// file said something before. Counted by `settle`.
  [[nodiscard]] std::uint64_t superseded_in(std::uint64_t file) const;

  void clear();

 private:
  [[nodiscard]] std::deque<KnownResult>::iterator place(std::uint64_t output_hash);
  void merge_recent();

  // A deque: a vector that grows would hold everything twice for a moment.
  std::deque<KnownResult> sorted_;
  std::unordered_map<std::uint64_t, KnownResult> recent_;  // of outputs that are not in sorted_
  std::unordered_map<std::uint64_t, std::uint64_t> superseded_;
};

}  // namespace ip2p
