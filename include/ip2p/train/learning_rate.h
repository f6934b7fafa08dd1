// learning_rate.h - the learning rate as a function of the step alone.
#pragma once

#include <cstdint>

#include "ip2p/train/config.h"

namespace ip2p {

/// The rate of optimizer step `step` (from 0): linear from 1/warmup of the rate over `warmup`
/// steps; then constant, or with the cosine schedule constant until decay_from * steps and from
/// there half a cosine down to final_rate * learning_rate at the last step.
double learning_rate(const TrainConfig& config, std::int64_t step);

}  // namespace ip2p
