// stopwatch.h - where the seconds of an edit went, for --json, -v and the benchmark.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace ip2p::cli {

class Stopwatch {
 public:
  /// Seconds since the process was started, not since main(): loading the libraries counts too.
  static double since_process_start();

  /// The time since the last mark, or since start_item, belongs to `stage`; returns it.
  double mark(const std::string& stage);
  void start_item();
  void step(std::size_t step);  ///< called as each step begins

  /// Every stage that was marked; to_first_step: process start to the first step ever; per_step:
  /// mean over the item's steps that are complete; item: since start_item.
  [[nodiscard]] std::map<std::string, double> seconds() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::map<std::string, double> stages_;
  Clock::time_point last_ = Clock::now();
  Clock::time_point item_ = Clock::now();
  Clock::time_point first_step_;
  Clock::time_point latest_step_;
  std::size_t steps_begun_ = 0;
};

}  // namespace ip2p::cli
