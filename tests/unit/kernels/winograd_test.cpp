// winograd_test.cpp - against the sum that a convolution is, in double precision.
#include "ip2p/kernels/winograd.h"

#include <tuple>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "winograd_transforms.h"

namespace ip2p::test {
namespace {

Tensor random(torch::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// (B, I, O, H, W)
using Shape = std::tuple<int, int, int, int, int>;

class Winograd : public testing::TestWithParam<std::tuple<int, Shape>> {};

TEST_P(Winograd, IsTheConvolution) {
  const auto [tile, shape] = GetParam();
  const auto [batch, in, out, height, width] = shape;
  const Tensor x = random({batch, in, height, width}, 1);
  const Tensor weight = random({out, in, 3, 3}, 2);
  const Tensor bias = random({out}, 3);
  const Tensor expected = torch::conv2d(x.to(torch::kFloat64), weight.to(torch::kFloat64),
                                        bias.to(torch::kFloat64), 1, 1);
  const double scale = batch > 0 ? expected.abs().max().item<double>() : 0;
  for (const Tensor& given : {x, x.contiguous(torch::MemoryFormat::ChannelsLast)}) {
    const Tensor found = WinogradConvolution(weight, bias, tile)(given);
    ASSERT_EQ(found.sizes(), expected.sizes());
    if (batch == 0) continue;
    EXPECT_LT((found - expected).abs().max().item<double>(), scale * (tile == 2 ? 2e-6 : 1e-5));
  }
  if (batch == 0) return;
  const Tensor without = WinogradConvolution(weight, {}, tile)(x) + bias.view({1, -1, 1, 1});
  EXPECT_LT((without - expected).abs().max().item<double>(), scale * 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Winograd,
    testing::Combine(testing::Values(2, 4),
                     testing::Values(Shape{1, 16, 16, 1, 1}, Shape{2, 32, 16, 5, 7},
                                     Shape{3, 16, 48, 8, 8}, Shape{1, 16, 16, 2, 33},
                                     Shape{0, 16, 16, 4, 4}, Shape{2, 16, 16, 90, 94})));

TEST(WinogradTakes, MultiplesOfSixteenOnly) {
  EXPECT_TRUE(WinogradConvolution::takes(torch::empty({32, 16, 3, 3})));
  EXPECT_FALSE(WinogradConvolution::takes(torch::empty({32, 8, 3, 3})));
  EXPECT_FALSE(WinogradConvolution::takes(torch::empty({4, 16, 3, 3})));
  EXPECT_FALSE(WinogradConvolution::takes(torch::empty({32, 16, 1, 1})));
  EXPECT_FALSE(WinogradConvolution::takes(torch::empty({32, 16, 5, 5})));
}

TEST(WinogradRefuses, WhatIsNoPictureOfItsChannels) {
  const WinogradConvolution convolution(random({16, 32, 3, 3}, 1), {}, 2);
  for (const Tensor& wrong :
       {torch::zeros({1, 16, 8, 8}), torch::zeros({1, 48, 8, 8}), torch::zeros({32, 8, 8}),
        torch::zeros({1, 32, 8, 8}, torch::kFloat64)})
    EXPECT_THROW(static_cast<void>(convolution(wrong)), c10::Error) << wrong.sizes();
}

#if defined(__x86_64__)
void expect_as_baseline(const WinogradTransforms* transforms) {
  constexpr std::int64_t channels = 32;
  const TileGrid grid{.height = 7, .width = 6, .down = 2, .across = 2};
  const Tensor x = random({2, 7, 6, channels}, 4);
  const Tensor zeros = torch::zeros({channels});
  const auto transformed = [&](const WinogradTransforms& by) {
    Tensor stack = torch::zeros({36, 8, channels});
    by.inputs(grid, x.const_data_ptr<float>(), channels, zeros.const_data_ptr<float>(), 0, 8, 0, 8,
              stack.data_ptr<float>());
    Tensor back = torch::zeros_like(x);
    by.outputs(grid, stack.const_data_ptr<float>(), channels, zeros.const_data_ptr<float>(), 0, 8,
               0, 8, back.data_ptr<float>());
    return std::pair(stack, back);
  };
  const auto [stack, back] = transformed(transforms[1]);
  const auto [baseline_stack, baseline_back] = transformed(baseline::winograd_transforms[1]);
  EXPECT_TRUE(torch::allclose(stack, baseline_stack, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(back, baseline_back, 1e-5, 1e-3));
}

TEST(WinogradTransformsOf, EveryProcessorAreAlike) {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    expect_as_baseline(avx2::winograd_transforms);
  if (__builtin_cpu_supports("avx512f")) expect_as_baseline(avx512::winograd_transforms);
}
#endif

}  // namespace
}  // namespace ip2p::test
