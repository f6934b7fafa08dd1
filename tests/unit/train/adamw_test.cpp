// adamw_test.cpp - AdamW against its formula. Equality with torch.optim is in tests/matched.
#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ip2p/train/optimizer.h"

namespace ip2p {
namespace {

torch::Tensor parameter(const torch::Tensor& values) {
  return values.clone().set_requires_grad(true);
}

/// Loshchilov and Hutter 2019, algorithm 2, for one number.
class Formula {
 public:
  double step(double weight, double gradient, double rate, const TrainConfig& config) {
    ++count_;
    mean_ = config.beta1 * mean_ + (1 - config.beta1) * gradient;
    square_ = config.beta2 * square_ + (1 - config.beta2) * gradient * gradient;
    const double mean = mean_ / (1 - std::pow(config.beta1, count_));
    const double square = square_ / (1 - std::pow(config.beta2, count_));
    return weight - rate * (mean / (std::sqrt(square) + 1e-8) + config.weight_decay * weight);
  }

 private:
  int count_ = 0;
  double mean_ = 0;
  double square_ = 0;
};

TEST(AdamW, FollowsItsFormula) {
  TrainConfig config;
  config.beta2 = 0.95;
  config.weight_decay = 0.1;
  const torch::Tensor weight = parameter(torch::tensor({1.5}));
  const auto optimizer = make_adamw({{"w", weight}}, config);
  Formula formula;
  double expected = 1.5;
  for (int i = 0; i < 50; ++i) {
    const double gradient = std::sin(i) + 0.2;
    const double rate = 0.01 * (1 + i % 3);
    weight.mutable_grad() = torch::tensor({static_cast<float>(gradient)});
    optimizer->step(rate);
    expected = formula.step(expected, gradient, rate, config);
    ASSERT_NEAR(weight.item<double>(), expected, 2e-6) << "step " << i;
  }
}

TEST(AdamW, WhatHasNoGradientStaysAndCountsForItself) {
  const TrainConfig config;
  const torch::Tensor moved = parameter(torch::ones({3}));
  const torch::Tensor late = parameter(torch::ones({3}));
  const auto optimizer = make_adamw({{"moved", moved}, {"late", late}}, config);
  moved.mutable_grad() = torch::ones({3});
  for (int i = 0; i < 5; ++i) optimizer->step(0.1);
  EXPECT_TRUE(torch::equal(late, torch::ones({3})));

  // The first step of every parameter is as long as the rate, whenever it comes.
  late.mutable_grad() = torch::full({3}, 1e-3);
  optimizer->step(0.1);
  EXPECT_NEAR(late[0].item<double>(), 1 - 0.1 - 0.1 * 0.01, 1e-5);
}

TEST(AdamW, GradientsOfAnotherLayoutAreUnderstood) {
  const TrainConfig config;
  const torch::Tensor values = torch::arange(24, torch::kFloat32).reshape({2, 3, 2, 2});
  const torch::Tensor gradient = torch::sin(values);
  const torch::Tensor plain = parameter(values);
  const torch::Tensor other = parameter(values);
  plain.mutable_grad() = gradient;
  other.mutable_grad() = gradient.contiguous(torch::MemoryFormat::ChannelsLast);
  ASSERT_NE(other.grad().strides(), plain.grad().strides());
  for (int i = 0; i < 3; ++i) {
    make_adamw({{"w", plain}}, config)->step(0.1);
    make_adamw({{"w", other}}, config)->step(0.1);
  }
  EXPECT_TRUE(torch::equal(plain, other));
}

TEST(AdamW, ARunGoesOnFromItsStateToTheBit) {
  const TrainConfig config;
  const auto run = [&](int stop_after) {
    torch::Tensor weight = parameter(torch::linspace(-1, 1, 77));
    auto optimizer = make_adamw({{"w", weight}}, config);
    for (int i = 0; i < 10; ++i) {
      weight.mutable_grad() = torch::cos(weight.detach() * (i + 1));
      optimizer->step(0.01);
      if (i == stop_after) {
        auto next = make_adamw({{"w", weight}}, config);
        const NamedTensors from = optimizer->state();
        const NamedTensors to = next->state();
        EXPECT_EQ(from.size(), to.size());
        for (std::size_t k = 0; k < to.size(); ++k) {
          EXPECT_EQ(from[k].first, to[k].first);
          torch::Tensor(to[k].second).copy_(from[k].second);
        }
        optimizer = std::move(next);
      }
    }
    return weight;
  };
  EXPECT_TRUE(torch::equal(run(-1), run(4)));
}

TEST(AdamW, NothingToMoveIsNoFault) {
  const auto optimizer = make_adamw({}, TrainConfig{});
  optimizer->step(0.1);
  EXPECT_TRUE(optimizer->state().empty());
}

}  // namespace
}  // namespace ip2p
