// ema.cpp - one multiply-add a weight.
#include "ip2p/train/ema.h"

#include <algorithm>

#include <ATen/ops/_foreach_lerp.h>
#include <c10/core/GradMode.h>

#include "ip2p/base/error.h"

namespace ip2p {

double ema_decay(double largest, double warmup, std::int64_t step) {
  const auto steps = static_cast<double>(step);
  return std::min(largest, (1 + steps) / (warmup + steps));
}

void update_ema(const NamedTensors& average, const NamedTensors& parameters, double decay) {
  const c10::NoGradGuard no_grad;
  if (average.size() != parameters.size())
    throw Error(Exit::bug, text("an average of ", average.size(), " tensors cannot follow ",
                                parameters.size()));
  std::vector<torch::Tensor> followers;
  std::vector<torch::Tensor> leaders;
  for (std::size_t i = 0; i < average.size(); ++i) {
    if (average[i].first != parameters[i].first)
      throw Error(Exit::bug, text("the average of ", average[i].first, " cannot follow ",
                                  parameters[i].first));
    followers.push_back(average[i].second);
    leaders.push_back(parameters[i].second);
  }
  if (!followers.empty()) at::_foreach_lerp_(followers, leaders, 1 - decay);
}

}  // namespace ip2p
