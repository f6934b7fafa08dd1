// stopwatch.cpp - the kernel knows when a process began, in clock ticks since boot.
#include "stopwatch.h"

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include <unistd.h>

namespace ip2p::cli {

double Stopwatch::since_process_start() {
  std::ifstream stat("/proc/self/stat");
  std::string line;
  std::getline(stat, line);
  // Field 22; the second field is the program's name in brackets and may hold spaces.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double start_ticks = 0;
  fields >> start_ticks;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9 -
         start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double Stopwatch::mark(const std::string& stage) {
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  stages_[stage] = seconds;
  return seconds;
}

void Stopwatch::start_item() {
  item_ = last_ = Clock::now();
  steps_begun_ = 0;
}

void Stopwatch::step(std::size_t step) {
  latest_step_ = Clock::now();
  if (step == 0) first_step_ = latest_step_;
  steps_begun_ = step + 1;
  if (!stages_.contains("to_first_step")) stages_["to_first_step"] = since_process_start();
}

std::map<std::string, double> Stopwatch::seconds() const {
  std::map<std::string, double> result = stages_;
  result["item"] = std::chrono::duration<double>(Clock::now() - item_).count();
  if (steps_begun_ > 1)
    result["per_step"] = std::chrono::duration<double>(latest_step_ - first_step_).count() /
                         static_cast<double>(steps_begun_ - 1);
  return result;
}

}  // namespace ip2p::cli
