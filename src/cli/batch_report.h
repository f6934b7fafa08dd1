// batch_report.h - how far a batch is, for people: one line on a terminal, now and then one in a
// log.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/batch/engine.h"

namespace ip2p::cli {

class BatchProgress {
 public:
  /// `all`: how many items there are; nullopt where nobody knows.
  BatchProgress(bool wanted, std::optional<std::uint64_t> all);
  BatchProgress(const BatchProgress&) = delete;
  BatchProgress& operator=(const BatchProgress&) = delete;
  ~BatchProgress();  ///< clears the line

  /// From now on pictures are made, on these devices: their memory is shown, but for the CPU's.
  void start(const std::vector<std::string>& devices);
  void say(const std::string& doing);
  /// The last two: how many items were passed over so far, as earlier runs had come to them.
  void add(const BatchEvent& event, std::uint64_t done_before, std::uint64_t failed_before);
  void clear();
  /// Failures by kind: "2 file, 1 device"; empty when there were none.
  [[nodiscard]] std::string failures() const;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::string words() const;

  const bool wanted_;
  const bool terminal_;
  const std::optional<std::uint64_t> all_;
  std::vector<std::string> devices_;
  std::uint64_t done_before_ = 0;
  std::uint64_t failed_before_ = 0;
  std::uint64_t done_ = 0;
  std::map<std::string, std::uint64_t> failed_;
  bool dirty_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = begin_;
};

}  // namespace ip2p::cli
