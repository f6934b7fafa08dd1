// progress.h - one line on a terminal that says how far an edit is. Writes nothing where stderr is
// a file or pipe.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ip2p::cli {

class Progress {
 public:
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  ///< clears the line

  /// What is being done before the first step: "loading ...".
  void say(const std::string& doing);
  /// Step `step` (from 0) of `steps` begins; `label` says of what.
  void step(const std::string& label, std::size_t step, std::size_t steps);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void show(const std::string& line);

  bool on_;
  bool dirty_ = false;
  Clock::time_point first_step_;
};

}  // namespace ip2p::cli
