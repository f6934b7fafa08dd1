// optimizer_test.cpp - optimizers by name, and clipping.
#include "ip2p/train/optimizer.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/throws.h"

namespace ip2p {
namespace {

torch::Tensor with_gradient(const torch::Tensor& gradient) {
  torch::Tensor parameter = torch::zeros_like(gradient).set_requires_grad(true);
  parameter.mutable_grad() = gradient;
  return parameter;
}

TEST(Optimizer, IsTheOneThatIsNamed) {
  TrainConfig config;
  const NamedTensors parameters{{"w", with_gradient(torch::ones({2, 2}))}};
  EXPECT_EQ(make_optimizer(parameters, config)->state().size(), 3);
  config.optimizer = "muon";
  EXPECT_EQ(make_optimizer(parameters, config)->state().size(), 1);
  config.optimizer = "lion";
  test::expect_error(
      Exit::usage, [&] { make_optimizer(parameters, config); }, "\"lion\"", "adamw, muon");
}

TEST(ClipGradients, ScalesThemTogether) {
  const NamedTensors parameters{{"a", with_gradient(torch::tensor({3.0F}))},
                                {"none", torch::zeros({2}, torch::requires_grad())},
                                {"b", with_gradient(torch::tensor({{4.0F, 12.0F}}))}};
  EXPECT_NEAR(clip_gradients(parameters, 0), 13, 1e-5);
  EXPECT_NEAR(clip_gradients(parameters, 20), 13, 1e-5);
  EXPECT_EQ(parameters[0].second.grad().item<float>(), 3.0F);
  EXPECT_NEAR(clip_gradients(parameters, 6.5), 13, 1e-5);
  EXPECT_NEAR(parameters[0].second.grad().item<double>(), 1.5, 1e-5);
  EXPECT_NEAR(parameters[2].second.grad()[0][1].item<double>(), 6, 1e-5);
  EXPECT_NEAR(clip_gradients(parameters, 0), 6.5, 1e-5);
}

TEST(ClipGradients, WhatIsNoNumberIsReportedAndLeft) {
  for (const float fault : {NAN, INFINITY}) {
    const NamedTensors parameters{{"a", with_gradient(torch::tensor({3.0F, fault}))}};
    EXPECT_FALSE(std::isfinite(clip_gradients(parameters, 1)));
    EXPECT_EQ(parameters[0].second.grad()[0].item<float>(), 3.0F);
  }
  EXPECT_EQ(clip_gradients({}, 1), 0);
}

}  // namespace
}  // namespace ip2p
