// ema.h - the weights that are kept: an exponential moving average of those that learn.
#pragma once

#include <cstdint>

#include "ip2p/train/optimizer.h"

namespace ip2p {

/// The share of the old average after `step` optimizer steps (from 1): min(largest, (1 + step) /
/// (warmup + step)), so that the first weights are soon forgotten.
double ema_decay(double largest, double warmup, std::int64_t step);

/// average = decay * average + (1 - decay) * parameter, by place; both lists have the same names.
void update_ema(const NamedTensors& average, const NamedTensors& parameters, double decay);

}  // namespace ip2p
