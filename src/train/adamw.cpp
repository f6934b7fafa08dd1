// adamw.cpp - AdamW, one pass over memory a step.
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "ip2p/base/error.h"
#include "ip2p/train/optimizer.h"

namespace ip2p {
namespace {

constexpr double epsilon = 1e-8;

/// The fused kernel walks through memory and not through indices: it asks nothing about strides.
void check_layout(const std::string& name, const torch::Tensor& parameter) {
  if (!parameter.is_non_overlapping_and_dense())
    throw Error(Exit::bug, text("parameter ", name, " has gaps in memory; AdamW needs it dense"));
}

torch::Tensor laid_out_like(const torch::Tensor& parameter, const torch::Tensor& gradient) {
  if (gradient.strides() == parameter.strides()) return gradient;
  return at::empty_like(parameter).copy_(gradient);
}

class AdamW : public Optimizer {
 public:
  AdamW(const NamedTensors& parameters, const TrainConfig& config)
      : parameters_(parameters),
        weight_decay_(config.weight_decay),
        beta1_(config.beta1),
        beta2_(config.beta2) {
    if (parameters.empty()) return;
    // One tensor for all counts, because a checkpoint of hundreds of single numbers is no pleasure.
    // float32 counts exactly to 16 million, and is what the kernel wants.
    counts_ = at::zeros({static_cast<std::int64_t>(parameters.size())},
                        parameters.front().second.options().dtype(torch::kFloat32));
    count_of_ = counts_.unbind();
    for (const auto& [name, parameter] : parameters) {
      check_layout(name, parameter);
      means_.push_back(at::zeros_like(parameter.detach()));
      squares_.push_back(at::zeros_like(parameter.detach()));
    }
  }

  void step(double rate) override {
    const c10::NoGradGuard no_grad;
    std::vector<torch::Tensor> moved;
    std::vector<torch::Tensor> gradients;
    std::vector<torch::Tensor> means;
    std::vector<torch::Tensor> squares;
    std::vector<torch::Tensor> counts;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const torch::Tensor& parameter = parameters_[i].second;
      if (!parameter.grad().defined()) continue;
      moved.push_back(parameter);
      gradients.push_back(laid_out_like(parameter, parameter.grad()));
      means.push_back(means_[i]);
      squares.push_back(squares_[i]);
      counts.push_back(count_of_[i]);
    }
    if (moved.empty()) return;

    at::_foreach_add_(counts, 1);
    at::_fused_adamw_(moved, gradients, means, squares, /*max_exp_avg_sqs=*/{}, counts, rate,
                      beta1_, beta2_, weight_decay_, epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }

  [[nodiscard]] NamedTensors state() const override {
    NamedTensors state;
    if (!parameters_.empty()) state.emplace_back("adamw.counts", counts_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      state.emplace_back("adamw.mean." + parameters_[i].first, means_[i]);
      state.emplace_back("adamw.square." + parameters_[i].first, squares_[i]);
    }
    return state;
  }

 private:
  NamedTensors parameters_;
  double weight_decay_;
  double beta1_;
  double beta2_;
  torch::Tensor counts_;                 // (parameters) steps that each has been moved
  std::vector<torch::Tensor> count_of_;  // views into counts_
  std::vector<torch::Tensor> means_;
  std::vector<torch::Tensor> squares_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const NamedTensors& parameters, const TrainConfig& config) {
  return std::make_unique<AdamW>(parameters, config);
}

}  // namespace ip2p
