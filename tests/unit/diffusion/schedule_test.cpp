// schedule_test.cpp - levels that can be worked out by hand. Against diffusers: tests/matched.
#include "ip2p/diffusion/schedule.h"

#include <cmath>

#include <gmock/gmock.h>

#include "ip2p/base/error.h"

namespace ip2p::test {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;

/// Ten training timesteps whose sigmas rise.
NoiseSpec ten_steps() {
  NoiseSpec noise;
  for (int i = 1; i <= 10; ++i) noise.betas.push_back(0.05F * static_cast<float>(i));
  return noise;
}

TEST(Schedule, SigmasComeFromTheRunningProduct) {
  const std::vector<double> sigmas = training_sigmas(ten_steps());
  ASSERT_EQ(sigmas.size(), 10U);
  EXPECT_NEAR(sigmas[0], std::sqrt(0.05 / 0.95), 1e-6);
  EXPECT_NEAR(sigmas[1], std::sqrt((1 - 0.95 * 0.9) / (0.95 * 0.9)), 1e-6);
  EXPECT_TRUE(std::is_sorted(sigmas.begin(), sigmas.end()));
}

TEST(Schedule, TimestepsOfEachSpacing) {
  NoiseSpec noise = ten_steps();
  EXPECT_THAT(noise_levels(noise, {.grid = Grid::continuous}, 4).timesteps,
              ElementsAre(9, 6, 3, 0));
  EXPECT_THAT(noise_levels(noise, {.grid = Grid::open}, 3).timesteps, ElementsAre(9, 6, 3));
  noise.spacing = Spacing::leading;
  noise.steps_offset = 1;
  EXPECT_THAT(noise_levels(noise, {.grid = Grid::ddim}, 3).timesteps, ElementsAre(7, 4, 1));
  noise.spacing = Spacing::trailing;
  EXPECT_THAT(noise_levels(noise, {.grid = Grid::ddim}, 4).timesteps, ElementsAre(9, 7, 4, 1));
}

TEST(Schedule, FractionalTimestepsLieOnStraightLines) {
  const NoiseSpec noise = ten_steps();
  const std::vector<double> training = training_sigmas(noise);
  const NoiseLevels levels = noise_levels(noise, {.grid = Grid::continuous}, 3);
  EXPECT_THAT(levels.timesteps, ElementsAre(9, 4.5, 0));
  EXPECT_NEAR(levels.sigmas[1], (training[4] + training[5]) / 2, 1e-6);
  EXPECT_EQ(levels.sigmas.back(), 0.0);
}

TEST(Schedule, KarrasLevelsRunFromTheLargestToTheSmallest) {
  const NoiseSpec noise = ten_steps();
  const std::vector<double> training = training_sigmas(noise);
  const NoiseLevels levels = noise_levels(noise, {.grid = Grid::karras}, 5);
  EXPECT_NEAR(levels.sigmas[0], training.back(), 1e-6);
  EXPECT_NEAR(levels.sigmas[4], training.front(), 1e-6);
  EXPECT_THAT(levels.timesteps.front(), DoubleEq(9));
  EXPECT_THAT(levels.timesteps.back(), DoubleEq(0));
}

TEST(Schedule, EndsWhereTheBundleSays) {
  NoiseSpec noise = ten_steps();
  const LevelRule pndm{.grid = Grid::pndm, .spacing = Spacing::leading, .ends_at_zero = false};
  EXPECT_EQ(noise_levels(noise, pndm, 5).sigmas.back(), training_sigmas(noise).front());
  noise.final_alpha_one = true;
  EXPECT_EQ(noise_levels(noise, pndm, 5).sigmas.back(), 0.0);
}

TEST(Schedule, FirstLatentHasTheVarianceTheGridAsksFor) {
  NoiseSpec noise = ten_steps();
  const auto first = [&](const LevelRule& rule) { return noise_levels(noise, rule, 5); };
  const NoiseLevels from_sigma = first({.grid = Grid::continuous});
  EXPECT_EQ(from_sigma.start_scale, from_sigma.sigmas.front());
  const NoiseLevels unit = first({.grid = Grid::open});
  EXPECT_NEAR(unit.start_scale, std::hypot(1.0, unit.sigmas.front()), 1e-12);
}

TEST(Schedule, DdimStepsAreAsLongAsDiffusersTakesThem) {
  NoiseSpec noise = ten_steps();
  noise.spacing = Spacing::linspace;
  const std::vector<double> training = training_sigmas(noise);
  // 10 / 4 = 2 timesteps long, whatever lies between: 9 to 7, 6 to 4, 3 to 1, 0 to the end
  const NoiseLevels ddim = noise_levels(noise, {.grid = Grid::ddim}, 4);
  EXPECT_THAT(ddim.sigma_timesteps, ElementsAre(9, 7, 6, 4, 3, 1, 0, 0));
  EXPECT_NEAR(ddim.sigmas[1], training[7], 1e-6);
  EXPECT_EQ(ddim.sigmas.back(), 0.0);
  // the first step again, from a step's length above the second timestep
  const NoiseLevels pndm = noise_levels(noise, {.grid = Grid::pndm}, 4);
  EXPECT_THAT(pndm.sigma_timesteps, ElementsAre(9, 7, 8, 6, 6, 4, 3, 1, 0, 0));
  EXPECT_EQ(pndm.step_at(pndm.timestep_at(pndm.sigmas[4])), 1U);
}

TEST(Schedule, TooManyStepsAreRefused) {
  EXPECT_THROW((void)noise_levels(ten_steps(), {.grid = Grid::open}, 11), Error);
  EXPECT_THROW(
      (void)noise_levels(ten_steps(), {.grid = Grid::ddim, .spacing = Spacing::leading}, 11),
      Error);
  EXPECT_NO_THROW((void)noise_levels(ten_steps(), {.grid = Grid::continuous}, 50));
}

}  // namespace
}  // namespace ip2p::test
