// optimizer.cpp - the optimizers by name, and the norm of gradients.
#include "ip2p/train/optimizer.h"

#include <array>
#include <cmath>
#include <string_view>

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

struct Kind {
  std::string_view name;
  std::unique_ptr<Optimizer> (*make)(const NamedTensors&, const TrainConfig&);
};

constexpr std::array all_kinds{Kind{"adamw", make_adamw}, Kind{"muon", make_muon}};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const NamedTensors& parameters,
                                          const TrainConfig& config) {
  std::string known;
  for (const Kind& kind : all_kinds) {
    if (kind.name == config.optimizer) return kind.make(parameters, config);
    known += text(known.empty() ? "" : ", ", kind.name);
  }
  throw Error(Exit::usage, text("unknown optimizer \"", config.optimizer, "\"; known: ", known));
}

double clip_gradients(const NamedTensors& parameters, double largest) {
  const c10::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const auto& [name, parameter] : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  if (gradients.empty()) return 0;

  const auto norm = at::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
  // As torch.nn.utils.clip_grad_norm_ does. A norm that is no number is left for the caller to see:
  // scaling by it would only spread it.
  const double scale = largest / (norm + 1e-6);
  if (largest > 0 && std::isfinite(norm) && scale < 1) at::_foreach_mul_(gradients, scale);
  return norm;
}

}  // namespace ip2p
