// guidance_test.cpp - identities of equation 3, with a network whose answer tells what it was
// given.
#include "ip2p/diffusion/guidance.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace ip2p::test {
namespace {

/// Predicts latent * 2 + image * 3 + mean of the text: linear, so the branches differ in a known
/// way.
struct LinearNetwork {
  std::int64_t items = 0;  ///< seen in the last call

  Network function() {
    return [this](const Tensor& sample, const Tensor& timestep, const Tensor& context) {
      items = sample.size(0);
      EXPECT_EQ(timestep.size(0), items);
      EXPECT_EQ(context.size(0), items);
      const std::vector<Tensor> parts = sample.chunk(2, 1);
      return parts[0] * 2 + parts[1] * 3 + context.mean({1, 2}).view({-1, 1, 1, 1});
    };
  }
};

class Guidance : public testing::Test {
 protected:
  Tensor random(torch::IntArrayRef shape) {
    return torch::randn(shape, generator_, torch::TensorOptions().dtype(torch::kFloat64));
  }

  Tensor guided(double text, double image) {
    const Conditioning conditioning{.image = image_, .text = text_, .null_text = null_text_};
    return guided_predictor(network_.function(), conditioning, {.text = text, .image = image})(
        latent_, 7.0);
  }

  Tensor branch(const Tensor& image, const Tensor& text) {
    return latent_ * 2 + image * 3 + text.mean({1, 2}).view({-1, 1, 1, 1});
  }
  Tensor none() { return branch(torch::zeros_like(image_), null_text_); }
  Tensor image_only() { return branch(image_, null_text_); }
  Tensor full() { return branch(image_, text_); }

  static void expect_equal(const Tensor& got, const Tensor& expected) {
    EXPECT_LT((got - expected).abs().max().item<double>(), 1e-12);
  }

  at::Generator generator_ = at::make_generator<at::CPUGeneratorImpl>(3);
  LinearNetwork network_;
  Tensor latent_ = random({2, 4, 3, 5});
  Tensor image_ = random({2, 4, 3, 5});
  Tensor text_ = random({2, 6, 8});
  Tensor null_text_ = random({1, 6, 8});
};

TEST_F(Guidance, IsThePapersFormula) {
  expect_equal(guided(7.5, 1.5),
               none() + (image_only() - none()) * 1.5 + (full() - image_only()) * 7.5);
  EXPECT_EQ(network_.items, 6);
}

TEST_F(Guidance, BothOneIsTheFullBranchAlone) {
  expect_equal(guided(1, 1), full());
  EXPECT_EQ(network_.items, 2);
}

TEST_F(Guidance, ImageScaleOneSkipsTheNullBranch) {
  expect_equal(guided(5, 1), image_only() + (full() - image_only()) * 5);
  EXPECT_EQ(network_.items, 4);
}

TEST_F(Guidance, EqualScalesSkipTheImageBranch) {
  expect_equal(guided(3, 3), none() + (full() - none()) * 3);
  EXPECT_EQ(network_.items, 4);
}

TEST_F(Guidance, TextScaleZeroSkipsTheFullBranch) {
  expect_equal(guided(0, 2), none() + (image_only() - none()) * 2);
  EXPECT_EQ(network_.items, 4);
}

TEST_F(Guidance, TextZeroImageOneIsTheImageBranchAlone) {
  expect_equal(guided(0, 1), image_only());
  EXPECT_EQ(network_.items, 2);
}

TEST_F(Guidance, BothZeroIsTheNullBranchAlone) {
  expect_equal(guided(0, 0), none());
  EXPECT_EQ(network_.items, 2);
}

}  // namespace
}  // namespace ip2p::test
