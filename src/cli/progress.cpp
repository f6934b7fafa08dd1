// progress.cpp - carriage returns and one erase sequence, which every terminal of today
// understands.
#include "progress.h"

#include <cstdio>
#include <iomanip>
#include <sstream>

#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p::cli {

std::string time_left(double seconds) {
  constexpr double seconds_a_minute = 60;
  constexpr int minutes_an_hour = 60;
  std::ostringstream words;
  if (seconds < 2 * seconds_a_minute) {
    words << std::fixed << std::setprecision(seconds < 10 ? 1 : 0) << seconds << " s left";
    return words.str();
  }
  const auto minutes = static_cast<long>(seconds / seconds_a_minute);
  if (minutes >= minutes_an_hour) words << minutes / minutes_an_hour << " h ";
  words << minutes % minutes_an_hour << " min left";
  return words.str();
}

Progress::Progress(bool wanted) : on_(wanted && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::show(const std::string& line) {
  if (!on_) return;
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  dirty_ = true;
}

void Progress::clear() {
  if (dirty_) std::fputs("\r\033[K", stderr);
  dirty_ = false;
}

void Progress::say(const std::string& doing) {
  show(doing);
}

void Progress::step(const std::string& label, std::size_t step, std::size_t steps) {
  const Clock::time_point now = Clock::now();
  if (!latest_ || step <= *latest_) {
    first_ = step;
    first_time_ = now;
  }
  latest_ = step;
  std::string line = text(label, "step ", step + 1, "/", steps);
  if (step > first_) {
    const double seconds = std::chrono::duration<double>(now - first_time_).count();
    const auto done = static_cast<double>(step - first_);
    line += ", " + time_left(seconds / done * static_cast<double>(steps - step));
  }
  show(line);
}

}  // namespace ip2p::cli
