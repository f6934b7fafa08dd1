// onednn_test.cpp - packed weights give the layers that they were packed for.
#include "onednn.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace ip2p::test {
namespace {

using torch::Tensor;

Tensor random(torch::IntArrayRef shape, std::uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed)).to(torch::kBFloat16);
}

class Packed : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_bfloat16_products()) GTEST_SKIP() << "this processor has no bfloat16 products";
  }

  /// To the last of bfloat16's eight bits.
  static void expect_near(const Tensor& found, const Tensor& expected) {
    ASSERT_EQ(found.sizes(), expected.sizes());
    const double scale = expected.abs().max().item<double>();
    EXPECT_LT((found.to(torch::kFloat64) - expected).abs().max().item<double>(), scale / 128);
  }
};

TEST_F(Packed, ConvolutionIsTheConvolution) {
  const Tensor x = random({2, 8, 9, 7}, 1);
  const Tensor weight = random({6, 8, 3, 5}, 2);
  const Tensor bias = random({6}, 3);
  const Tensor expected = torch::conv2d(x.to(torch::kFloat64), weight.to(torch::kFloat64), {},
                                        torch::IntArrayRef{2, 1}, torch::IntArrayRef{0, 2});
  expect_near(PackedConvolution(weight, {}, {2, 1}, {0, 2})(x), expected);
  expect_near(PackedConvolution(weight, bias, {2, 1}, {0, 2})(x),
              expected + bias.to(torch::kFloat64).view({1, -1, 1, 1}));
}

TEST_F(Packed, LinearIsTheProduct) {
  const Tensor x = random({2, 5, 24}, 1);
  const Tensor weight = random({40, 24}, 2);
  const Tensor bias = random({40}, 3);
  const Tensor expected = torch::matmul(x.to(torch::kFloat64), weight.to(torch::kFloat64).t());
  expect_near(PackedLinear(weight, {})(x), expected);
  expect_near(PackedLinear(weight, bias)(x), expected + bias.to(torch::kFloat64));
}

}  // namespace
}  // namespace ip2p::test
