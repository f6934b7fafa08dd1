// gathered_convolution_test.cpp - against libtorch's convolution, in double precision.
#include "ip2p/kernels/gathered_convolution.h"

#include <array>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace ip2p::test {
namespace {

using Pair = std::array<std::int64_t, 2>;

/// Each pair is of rows and columns.
struct Case {
  Pair filter;
  Pair stride;
  Pair padding;
  std::int64_t channels;
  Pair picture;
  std::int64_t batch = 2;
};

Tensor random(torch::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

class Gathered : public testing::TestWithParam<Case> {};

TEST_P(Gathered, IsTheConvolution) {
  const Case& each = GetParam();
  const Tensor x = random({each.batch, each.channels, each.picture[0], each.picture[1]}, 1);
  const Tensor weight = random({6, each.channels, each.filter[0], each.filter[1]}, 2);
  const Tensor bias = random({6}, 3);
  const Tensor expected =
      torch::conv2d(x.to(torch::kFloat64), weight.to(torch::kFloat64), bias.to(torch::kFloat64),
                    torch::IntArrayRef(each.stride), torch::IntArrayRef(each.padding));
  const GatheredConvolution::Layout layout{.stride = each.stride, .padding = each.padding};
  const auto expect_near = [&](const Tensor& found) {
    ASSERT_EQ(found.sizes(), expected.sizes());
    if (each.batch == 0) return;
    EXPECT_LT((found - expected).abs().max().item<double>(), 1e-3);
  };
  for (const Tensor& given : {x, x.contiguous(torch::MemoryFormat::ChannelsLast)}) {
    expect_near(GatheredConvolution(weight, bias, layout)(given));
    expect_near(GatheredConvolution(weight, {}, layout)(given) + bias.view({1, -1, 1, 1}));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Gathered,
                         testing::Values(Case{{1, 1}, {1, 1}, {0, 0}, 8, {5, 7}},
                                         Case{{3, 3}, {1, 1}, {1, 1}, 8, {5, 7}},
                                         Case{{3, 3}, {2, 2}, {1, 1}, 3, {8, 9}},
                                         Case{{3, 3}, {2, 2}, {0, 0}, 5, {9, 9}},
                                         Case{{1, 1}, {2, 2}, {0, 0}, 8, {6, 4}},
                                         Case{{2, 5}, {2, 1}, {0, 2}, 4, {6, 9}},
                                         Case{{3, 3}, {1, 1}, {1, 1}, 4, {5, 5}, 0},
                                         // more than is gathered at a time
                                         Case{{3, 3}, {1, 1}, {1, 1}, 160, {120, 110}}));

TEST(GatheredRefuses, WhatIsNoPictureOfItsChannels) {
  const GatheredConvolution convolution(random({6, 4, 3, 3}, 1), {}, {});
  for (const Tensor& wrong :
       {torch::zeros({1, 5, 8, 8}), torch::zeros({1, 3, 8, 8}), torch::zeros({4, 8, 8}),
        torch::zeros({1, 4, 2, 8}), torch::zeros({1, 4, 8, 8}, torch::kFloat64)})
    EXPECT_THROW(static_cast<void>(convolution(wrong)), c10::Error) << wrong.sizes();
}

}  // namespace
}  // namespace ip2p::test
