// batch_report.h - what a batch says while it runs: results on stdout, how far it is on stderr.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/batch/engine.h"

#include "batch_flags.h"
#include "batch_plan.h"

namespace ip2p::cli {

/// "1 file", "2 files".
std::string counted(std::uint64_t count, const std::string& thing);

/// May be told of things by several threads.
class BatchReport {
 public:
  /// `all`: how many items there are; nullopt where nobody knows.
  BatchReport(const BatchFlags& flags, std::optional<std::uint64_t> all);
  BatchReport(const BatchReport&) = delete;
  BatchReport& operator=(const BatchReport&) = delete;
  ~BatchReport();  ///< clears the line

  /// Shown in place of the progress.
  void say(const std::string& doing);
  void clear();
  /// From now on pictures are made, on these devices: their memory is shown, but for the CPU's.
  void start(const std::vector<std::string>& devices);

  /// Of an item that was tried. The last two: how many items were passed over so far, as earlier
  /// runs had come to them.
  void ended(const BatchEvent& event, std::uint64_t done_before, std::uint64_t failed_before);
  /// Answers for an item that earlier runs have done, or seen fail.
  void passed_over(const BatchTask& task, Standing standing);
  /// Answers for a line of stdin that is wrong.
  void refused(const Error& error);

  /// Failures by kind: "file: 2, device: 1"; empty when there were none.
  [[nodiscard]] std::string failures() const;
  /// Nobody reads stdout any more.
  [[nodiscard]] bool is_stdout_closed() const { return stdout_closed_; }

 private:
  using Clock = std::chrono::steady_clock;

  void print(const std::string& line);
  void print(nlohmann::ordered_json result, const fs::path& path);
  void show_progress();
  void erase_line();
  [[nodiscard]] std::string words() const;

  const BatchFlags& flags_;
  const bool terminal_;
  const bool prints_to_terminal_;
  const std::optional<std::uint64_t> all_;
  mutable std::mutex mutex_;
  std::vector<std::string> devices_;
  std::uint64_t done_before_ = 0;
  std::uint64_t failed_before_ = 0;
  std::uint64_t done_ = 0;
  std::map<std::string, std::uint64_t> failed_;
  std::atomic<bool> stdout_closed_ = false;
  bool dirty_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point shown_ = begin_;
};

}  // namespace ip2p::cli
