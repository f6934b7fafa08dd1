// noise_test.cpp - an item's noise is its own.
#include "ip2p/diffusion/noise.h"

#include <array>

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace ip2p::test {
namespace {

Tensor draw(std::span<const std::uint64_t> seeds, int draws) {
  const NoiseSource noise = seeded_noise(seeds);
  Tensor drawn;
  for (int i = 0; i < draws; ++i) drawn = noise(torch::empty({std::ssize(seeds), 4, 8, 6}));
  return drawn;
}

TEST(Noise, DoesNotDependOnTheBatch) {
  const std::array<std::uint64_t, 3> three{5, 7, 9};
  const std::array<std::uint64_t, 1> alone{7};
  for (const int draws : {1, 3})
    EXPECT_TRUE(torch::equal(draw(three, draws)[1], draw(alone, draws)[0])) << draws << " draws";
}

TEST(Noise, GoesOnWhereItStopped) {
  const std::array<std::uint64_t, 1> seed{7};
  EXPECT_FALSE(torch::equal(draw(seed, 1), draw(seed, 2)));
  EXPECT_TRUE(torch::equal(draw(seed, 2), draw(seed, 2)));
}

TEST(Noise, IsStandardNormal) {
  const std::array<std::uint64_t, 1> seed{1};
  const Tensor drawn = seeded_noise(seed)(torch::empty({1, 4, 128, 128}));
  EXPECT_NEAR(drawn.mean().item<double>(), 0, 0.01);
  EXPECT_NEAR(drawn.std().item<double>(), 1, 0.01);
}

}  // namespace
}  // namespace ip2p::test
