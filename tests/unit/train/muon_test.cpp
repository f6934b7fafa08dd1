// muon_test.cpp - orthogonalised directions, and who moves by which rule. Equality with
// torch.optim is in tests/matched.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ip2p/train/optimizer.h"

#include "support/throws.h"

namespace ip2p {
namespace {

torch::Tensor random(torch::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

torch::Tensor parameter(const torch::Tensor& values) {
  return values.clone().set_requires_grad(true);
}

torch::Tensor singular_values(const torch::Tensor& matrix) {
  return torch::linalg_svdvals(matrix.to(torch::kFloat64));
}

/// The quintic by its definition, on the singular values alone.
torch::Tensor quintic(torch::Tensor s) {
  for (int i = 0; i < 5; ++i) s = 3.4445 * s - 4.7750 * s.pow(3) + 2.0315 * s.pow(5);
  return s;
}

TEST(NewtonSchulz, IsTheQuinticOfTheSingularValues) {
  for (const auto& shape : {std::vector<std::int64_t>{12, 30}, {30, 12}, {16, 16}}) {
    const torch::Tensor matrix = random(shape, 1).to(torch::kFloat64);
    const auto [u, s, v] = torch::linalg_svd(matrix, /*full_matrices=*/false);
    const torch::Tensor expected = u.mm(torch::diag(quintic(s / s.norm()))).mm(v);
    const torch::Tensor got = newton_schulz(matrix, torch::kFloat64);
    EXPECT_EQ(got.sizes(), matrix.sizes());
    EXPECT_LT((got - expected).abs().max().item<double>(), 1e-12);
  }
}

TEST(NewtonSchulz, Bfloat16StaysNearOrthogonal) {
  const torch::Tensor values =
      singular_values(newton_schulz(random({24, 72}, 2), torch::kBFloat16));
  EXPECT_GT(values.min().item<double>(), 0.6);
  EXPECT_LT(values.max().item<double>(), 1.3);
}

TEST(NewtonSchulz, NothingIsDividedByZeroAndNothingIsOverwritten) {
  EXPECT_TRUE(
      torch::equal(newton_schulz(torch::zeros({3, 4}), torch::kFloat32), torch::zeros({3, 4})));
  const torch::Tensor matrix = random({4, 3}, 3);
  const torch::Tensor before = matrix.clone();
  newton_schulz(matrix, torch::kFloat32);
  EXPECT_TRUE(torch::equal(matrix, before));
  test::expect_error(
      Exit::bug, [] { newton_schulz(torch::zeros({2, 2, 2}), torch::kFloat32); }, "3 dimensions");
}

TEST(Muon, TheFirstStepIsTheScaledDirection) {
  TrainConfig config;
  config.weight_decay = 0.1;
  const torch::Tensor start = random({32, 8}, 4);
  const torch::Tensor gradient = random({32, 8}, 5);
  const torch::Tensor weight = parameter(start);
  weight.mutable_grad() = gradient;
  make_muon({{"w", weight}}, config)->step(0.02);

  // the momentum of the first step is (1 - m) g, and Nesterov's look ahead is g + m ((1 - m) g - g)
  const torch::Tensor ahead = gradient * (1 - 0.95 * 0.95);
  const torch::Tensor expected =
      start * (1 - 0.02 * 0.1) -
      0.02 * 2.0 * newton_schulz(ahead, torch::kBFloat16).to(torch::kFloat32);
  EXPECT_LT((weight - expected).abs().max().item<double>(), 1e-3);
}

TEST(Muon, AConvolutionIsAMatrix) {
  const TrainConfig config;
  const torch::Tensor start = random({8, 4, 3, 3}, 6);
  const torch::Tensor gradient = random({8, 4, 3, 3}, 7);
  const torch::Tensor kernel = parameter(start);
  const torch::Tensor flat = parameter(start.flatten(1));
  const auto format = torch::MemoryFormat::ChannelsLast;
  const torch::Tensor other = start.contiguous(format).set_requires_grad(true);
  kernel.mutable_grad() = gradient;
  flat.mutable_grad() = gradient.flatten(1);
  other.mutable_grad() = gradient.contiguous(format);
  const auto optimizer = make_muon({{"k", kernel}, {"f", flat}, {"o", other}}, config);
  for (int i = 0; i < 3; ++i) optimizer->step(0.1);
  EXPECT_TRUE(torch::equal(kernel.flatten(1), flat));
  EXPECT_TRUE(torch::equal(kernel, other));
  EXPECT_FALSE(torch::equal(kernel, start));
}

TEST(Muon, TheRestIsMovedByAdamWAtItsRate) {
  TrainConfig config;
  config.adam_rate = 0.25;
  const torch::Tensor bias = random({6}, 8);
  const torch::Tensor table = random({5, 6}, 9);
  const NamedTensors both{{"bias", parameter(bias)}, {"token_embedding.weight", parameter(table)}};
  const NamedTensors twins{{"bias", parameter(bias)}, {"token_embedding.weight", parameter(table)}};
  for (const NamedTensors& list : {both, twins})
    for (const auto& [name, tensor] : list) tensor.mutable_grad() = torch::sin(tensor.detach());
  make_muon(both, config)->step(0.1);
  make_adamw(twins, config)->step(0.025);
  for (std::size_t i = 0; i < both.size(); ++i)
    EXPECT_TRUE(torch::equal(both[i].second, twins[i].second)) << both[i].first;
}

TEST(Muon, StateHasAPlaceForEveryParameter) {
  const TrainConfig config;
  const torch::Tensor weight = parameter(random({4, 4}, 10));
  const torch::Tensor bias = parameter(random({4}, 11));
  const torch::Tensor still = parameter(random({4, 4}, 12));
  const auto optimizer = make_muon({{"w", weight}, {"b", bias}, {"s", still}}, config);
  weight.mutable_grad() = torch::ones({4, 4});
  bias.mutable_grad() = torch::ones({4});
  const torch::Tensor before = still.detach().clone();
  optimizer->step(0.1);
  EXPECT_TRUE(torch::equal(still, before));

  std::vector<std::string> names;
  for (const auto& [name, tensor] : optimizer->state()) {
    names.push_back(name);
    const bool was_moved = tensor.abs().sum().item<double>() > 0;
    EXPECT_EQ(was_moved, name != "muon.momentum.s") << name;
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("muon.momentum.w", "muon.momentum.s", "adamw.counts",
                                            "adamw.mean.b", "adamw.square.b"));
}

}  // namespace
}  // namespace ip2p
