// train_report.cpp - a mean of losses, for one batch's loss jumps.
#include "train_report.h"

#include <iomanip>
#include <sstream>

#include "ip2p/base/log.h"

namespace ip2p::cli {

std::optional<std::string> MinuteLines::line(const std::string& doing, std::size_t step,
                                             std::size_t steps, Clock::time_point now) {
  if (!first_ || step <= latest_) {  // another row begins
    first_ = step;
    first_time_ = now;
  }
  latest_ = step;
  if (now - said_ < std::chrono::minutes(1)) return std::nullopt;
  said_ = now;
  std::string words = text(doing, " ", step, " of ", steps);
  if (step > *first_) {
    const double seconds = std::chrono::duration<double>(now - first_time_).count();
    words += ", " + time_left(seconds / static_cast<double>(step - *first_) *
                              static_cast<double>(steps - step));
  }
  return words;
}

TrainReport::TrainReport(bool wanted)
    : wanted_(wanted),
      progress_(wanted),
      lines_(MinuteLines::Clock::now()),
      busy_lines_(MinuteLines::Clock::now()) {}

void TrainReport::step(const TrainStep& now) {
  mean_loss_ = mean_loss_ ? 0.98 * *mean_loss_ + 0.02 * now.loss : now.loss;
  std::ostringstream loss;
  loss << "loss " << std::fixed << std::setprecision(4) << *mean_loss_ << ", ";
  const auto step = static_cast<std::size_t>(now.step);
  const auto steps = static_cast<std::size_t>(now.steps);
  progress_.step(loss.str() + "optimizer ", step - 1, steps);
  if (!wanted_ || progress_.is_shown()) return;
  if (const auto line = lines_.line(loss.str() + "step", step, steps, MinuteLines::Clock::now()))
    log::info(*line);
}

void TrainReport::busy(std::string_view doing, std::size_t done, std::size_t all) {
  progress_.say(text(doing, ": ", done, " of ", all));
  if (!wanted_ || progress_.is_shown()) return;
  if (const auto line = busy_lines_.line(text(doing, ":"), done, all, MinuteLines::Clock::now()))
    log::info(*line);
}

}  // namespace ip2p::cli
