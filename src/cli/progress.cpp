// progress.cpp - carriage returns and one erase sequence, which every terminal of today
// understands.
#include "progress.h"

#include <cstdio>
#include <iomanip>
#include <sstream>

#include <unistd.h>

namespace ip2p::cli {

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
  if (step == 0) first_step_ = now;
  std::ostringstream line;
  line << label << "step " << step + 1 << "/" << steps;
  if (step > 0) {
    const double seconds = std::chrono::duration<double>(now - first_step_).count();
    const double left = seconds / static_cast<double>(step) * static_cast<double>(steps - step);
    line << ", " << std::fixed << std::setprecision(left < 10 ? 1 : 0) << left << " s left";
  }
  show(line.str());
}

}  // namespace ip2p::cli
