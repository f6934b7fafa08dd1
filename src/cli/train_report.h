// train_report.h - how far a training run is: a line on a terminal, or a line a minute in a log.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ip2p/train/trainer.h"

#include "progress.h"

namespace ip2p::cli {

/// One line a minute about what goes on step by step.
class MinuteLines {
 public:
  using Clock = std::chrono::steady_clock;

  explicit MinuteLines(Clock::time_point now) : said_(now) {}

  /// "DOING step 120 of 7000, 2 h 5 min left" when a minute has passed since the last line.
  [[nodiscard]] std::optional<std::string> line(const std::string& doing, std::size_t step,
                                                std::size_t steps, Clock::time_point now);

 private:
  Clock::time_point said_;
  std::optional<std::size_t> first_;  ///< step of this row, which was done at first_time_
  std::size_t latest_ = 0;
  Clock::time_point first_time_;
};

class TrainReport {
 public:
  /// `wanted`: not with --quiet.
  explicit TrainReport(bool wanted);

  void say(const std::string& doing) { progress_.say(doing); }
  void step(const TrainStep& now);
  void busy(std::string_view doing, std::size_t done, std::size_t all);
  void clear() { progress_.clear(); }

 private:
  bool wanted_;
  Progress progress_;
  MinuteLines lines_;
  MinuteLines busy_lines_;
  std::optional<double> mean_loss_;
};

}  // namespace ip2p::cli
