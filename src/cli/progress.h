// progress.h - one line on a terminal that says how far an edit is. Writes nothing where stderr is
// a file or pipe.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace ip2p::cli {

/// "3.2 s left", "12 min left", "2 h 5 min left".
std::string time_left(double seconds);

class Progress {
 public:
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  ///< clears the line

  /// Whether there is a terminal to write to, and it is wanted.
  [[nodiscard]] bool is_shown() const { return on_; }

  /// What is being done before the first step: "loading ...".
  void say(const std::string& doing);
  /// Step `step` (from 0) of `steps` begins; `label` says of what. A step that is not beyond the
  /// one before begins another row of steps, whose first may be any.
  void step(const std::string& label, std::size_t step, std::size_t steps);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void show(const std::string& line);

  bool on_;
  bool dirty_ = false;
  std::optional<std::size_t> latest_;
  std::size_t first_ = 0;  ///< of this row, begun at first_time_
  Clock::time_point first_time_;
};

}  // namespace ip2p::cli
