// learning_rate.cpp - a rise, a plateau, a fall.
#include "ip2p/train/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ip2p {

double learning_rate(const TrainConfig& config, std::int64_t step) {
  if (step < config.warmup)
    return config.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(config.warmup);
  if (config.schedule == "constant") return config.learning_rate;
  const double begin = config.decay_from * static_cast<double>(config.steps);
  const double length = std::max(1.0, static_cast<double>(config.steps - 1) - begin);
  const double done = std::clamp((static_cast<double>(step) - begin) / length, 0.0, 1.0);
  const double share = (1 + std::cos(std::numbers::pi * done)) / 2;
  return config.learning_rate * (config.final_rate + (1 - config.final_rate) * share);
}

}  // namespace ip2p
