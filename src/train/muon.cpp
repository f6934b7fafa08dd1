// muon.cpp - Muon: momentum whose singular values are all made about one.
#include <algorithm>
#include <cmath>

#include <ATen/ops/addmm.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "ip2p/base/error.h"
#include "ip2p/train/optimizer.h"

namespace ip2p {
namespace {

bool is_matrix(const std::string& name, const torch::Tensor& parameter) {
  return parameter.dim() >= 2 && !name.ends_with("embedding.weight");
}

/// A matrix (n,m) that is taller than wide moves further, so that its outputs change as much as
/// those of a wide one.
double rate_scale(const torch::Tensor& parameter) {
  const auto rows = static_cast<double>(parameter.size(0));
  const double columns = static_cast<double>(parameter.numel()) / rows;
  return std::sqrt(std::max(1.0, rows / columns));
}

class Muon : public Optimizer {
 public:
  Muon(const NamedTensors& parameters, const TrainConfig& config)
      : momentum_(config.momentum),
        weight_decay_(config.weight_decay),
        adam_rate_(config.adam_rate) {
    NamedTensors rest;
    for (const auto& [name, parameter] : parameters)
      (is_matrix(name, parameter) ? matrices_ : rest).emplace_back(name, parameter);
    for (const auto& [name, matrix] : matrices_)
      momenta_.push_back(at::zeros_like(matrix.detach()));
    rest_ = make_adamw(rest, config);
  }

  void step(double rate) override {
    const c10::NoGradGuard no_grad;
    // One matrix after another, so that no more than one direction is in memory.
    for (std::size_t i = 0; i < matrices_.size(); ++i)
      if (matrices_[i].second.grad().defined()) move(matrices_[i].second, momenta_[i], rate);
    rest_->step(rate * adam_rate_);
  }

  [[nodiscard]] NamedTensors state() const override {
    NamedTensors state;
    for (std::size_t i = 0; i < matrices_.size(); ++i)
      state.emplace_back("muon.momentum." + matrices_[i].first, momenta_[i]);
    for (auto& entry : rest_->state()) state.push_back(std::move(entry));
    return state;
  }

 private:
  void move(torch::Tensor parameter, torch::Tensor momentum, double rate) const {
    const torch::Tensor gradient = parameter.grad();
    momentum.lerp_(gradient, 1 - momentum_);
    const torch::Tensor ahead = gradient.lerp(momentum, momentum_);  // Nesterov
    const torch::Tensor direction = newton_schulz(ahead.flatten(1), torch::kBFloat16);
    parameter.mul_(1 - rate * weight_decay_);
    parameter.add_(direction.reshape(parameter.sizes()), -rate * rate_scale(parameter));
  }

  double momentum_;
  double weight_decay_;
  double adam_rate_;
  NamedTensors matrices_;
  std::vector<torch::Tensor> momenta_;
  std::unique_ptr<Optimizer> rest_;
};

}  // namespace

torch::Tensor newton_schulz(const torch::Tensor& matrix, torch::Dtype arithmetic) {
  constexpr int steps = 5;
  constexpr double a = 3.4445;
  constexpr double b = -4.7750;
  constexpr double c = 2.0315;
  constexpr double smallest_norm = 1e-7;
  if (matrix.dim() != 2)
    throw Error(Exit::bug, text("a tensor of ", matrix.dim(), " dimensions is no matrix"));

  // The smaller of the two products X X^T and X^T X.
  const bool tall = matrix.size(0) > matrix.size(1);
  torch::Tensor x = matrix.to(arithmetic, /*non_blocking=*/false, /*copy=*/true);
  if (tall) x = x.t();
  x.div_(x.norm().clamp_min(smallest_norm));
  for (int i = 0; i < steps; ++i) {
    const torch::Tensor gram = x.mm(x.t());
    const torch::Tensor polynomial = at::addmm(gram, gram, gram, b, c);
    x = at::addmm(x, polynomial, x, a);
  }
  return tall ? x.t() : x;
}

std::unique_ptr<Optimizer> make_muon(const NamedTensors& parameters, const TrainConfig& config) {
  return std::make_unique<Muon>(parameters, config);
}

}  // namespace ip2p
