// samplers_test.cpp - every row of the table against closed forms, and mutants that these must
// reject.
#include "ip2p/diffusion/samplers.h"

#include <gmock/gmock.h>

#include "ip2p/base/error.h"

#include "support/sampler_proofs.h"

namespace ip2p::test {
namespace {

std::vector<double> to_zero(std::vector<double> sigmas) {
  sigmas.push_back(0.0);
  return sigmas;
}

TEST(Samplers, ConvergeAtTheirOrder) {
  for (const Sampler& sampler : samplers()) {
    if (sampler.stochastic) continue;
    EXPECT_NEAR(convergence_order(sampler.run, Evenness::smooth, sampler.levels.grid),
                sampler.order, 0.06)
        << sampler.name;
    EXPECT_LT(ode_error(sampler.run, as_taken(falling_sigmas(320), sampler.levels.grid)),
              sampler.order == 1 ? 5e-3 : 1e-4)
        << sampler.name;
    // The coefficients of pndm are those of even steps.
    if (sampler.name == "pndm") continue;
    EXPECT_NEAR(convergence_order(sampler.run, Evenness::uneven, sampler.levels.grid),
                sampler.order, 0.06)
        << sampler.name;
  }
}

// pndm extrapolates the network's own output. A v prediction also changes with the noise level it
// is made for, which costs the rule an order; diffusers does the same, and the same steps must give
// the same picture.
TEST(Samplers, PndmIsOfFirstOrderOnAVPrediction) {
  EXPECT_NEAR(
      convergence_order(sample_plms, Evenness::smooth, Grid::pndm, Prediction::v_prediction), 1,
      0.06);
}

TEST(Samplers, HitAKnownAnswerExactly) {
  for (const Sampler& sampler : samplers())
    for (const int steps : {1, 2, 3, 7, 20}) {
      const std::vector<double> sigmas =
          as_taken(to_zero(falling_sigmas(steps)), sampler.levels.grid);
      EXPECT_NEAR(run_scalar(sampler.run, point_denoiser(0.25), 3.0, sigmas, no_noise()), 0.25,
                  1e-13)
          << sampler.name << " in " << steps << " steps";
    }
}

/// Euler's own product for the Gaussian: each step multiplies x by 1 + (to - from) from / (s^2 +
/// from^2).
double euler_product(const std::vector<double>& sigmas) {
  double x = sigmas.front();
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i)
    x *=
        1 + (sigmas[i + 1] - sigmas[i]) * sigmas[i] / (data_std * data_std + sigmas[i] * sigmas[i]);
  return x;
}

/// The same for the ancestral sampler when every draw of noise is 1.
double ancestral_recursion(const std::vector<double>& sigmas) {
  double x = sigmas.front();
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const double from = sigmas[i];
    const double to = sigmas[i + 1];
    const double down = to * to / from;
    const double up = to * std::sqrt(1 - to * to / (from * from));
    x = x * (1 + (down - from) * from / (data_std * data_std + from * from)) + up;
  }
  return x;
}

TEST(Samplers, EulerIsTheProductOfItsSteps) {
  const std::vector<double> sigmas = falling_sigmas(17);
  EXPECT_NEAR(run_scalar(sample_euler, gaussian_denoiser(), sigmas.front(), sigmas, no_noise()),
              euler_product(sigmas), 1e-13);
}

TEST(Samplers, EulerAncestralPutsBackTheNoiseItTakes) {
  const std::vector<double> sigmas = falling_sigmas(17);
  EXPECT_NEAR(
      run_scalar(sample_euler_ancestral, gaussian_denoiser(), sigmas.front(), sigmas, unit_noise()),
      ancestral_recursion(sigmas), 1e-12);
}

// Two steps of unequal length with answers 1 and 3, worked out by hand. Orders do not see every
// slip in how a multistep rule weighs its history: over a whole run some cancel.
const std::vector<double> two_steps{8.0, 4.0, 1.0};
constexpr double two_steps_start = 10.0;

double two_steps_of(SamplerFunction run, Grid grid = Grid::continuous) {
  return run_scalar(run, scripted_denoiser({1.0, 3.0, 3.0}), two_steps_start,
                    as_taken(two_steps, grid), no_noise());
}

/// Step lengths in log sigma are ln 2 and ln 4, so the extrapolation adds (3 - 1) * ln 4 / ln 2 / 2
/// = 2 to 3.
constexpr double dpmpp_2m_by_hand = (10.0 * 0.5 + 1.0 * 0.5) * 0.25 + (3.0 + 2.0) * 0.75;

TEST(Samplers, DpmppWeighsItsHistoryByTheStepsLengths) {
  EXPECT_NEAR(two_steps_of(sample_dpmpp_2m), dpmpp_2m_by_hand, 1e-13);
}

TEST(Samplers, LmsIntegratesTheLineThroughItsSlopes) {
  const double first_slope = (10.0 - 1.0) / 8.0;
  const double x = 10.0 + first_slope * (4.0 - 8.0);
  const double second_slope = (x - 3.0) / 4.0;
  const double middle = second_slope + (second_slope - first_slope) / (4.0 - 8.0) * (2.5 - 4.0);
  EXPECT_NEAR(two_steps_of(sample_lms), x + middle * (1.0 - 4.0), 1e-13);
}

TEST(Samplers, PlmsTakesTheMeanAndThenExtrapolatesEvenly) {
  // answers: at the start, at the end of the Euler step, at the second level
  const double first = (10.0 - 1.0) / 8.0;
  const double ahead = (10.0 + first * (4.0 - 8.0) - 3.0) / 4.0;
  const double x = 10.0 + (first + ahead) / 2 * (4.0 - 8.0);
  const double second = (x - 3.0) / 4.0;
  EXPECT_NEAR(two_steps_of(sample_plms, Grid::pndm), x + (3 * second - first) / 2 * (1.0 - 4.0),
              1e-13);
}

// Between two pairs the latent of trained scale stays: x / sqrt(1 + sigma^2).
TEST(Samplers, DdimTakesTheTrainedLatentFromPairToPair) {
  const std::vector<double> pairs{8.0, 4.0, 3.0, 1.0};
  const double landed = 10.0 + (10.0 - 1.0) / 8.0 * (4.0 - 8.0);
  const double taken_over = landed / std::sqrt(17.0) * std::sqrt(10.0);
  const double end = taken_over + (taken_over - 2.0) / 3.0 * (1.0 - 3.0);
  EXPECT_NEAR(run_scalar(sample_ddim, scripted_denoiser({1.0, 2.0}), 10.0, pairs, no_noise()), end,
              1e-13);
}

TEST(Samplers, OnlyStochasticOnesDrawNoise) {
  for (const Sampler& sampler : samplers()) {
    int draws = 0;
    const NoiseSource counting = [&draws](const Tensor& like) {
      ++draws;
      return torch::zeros_like(like);
    };
    run_scalar(sampler.run, gaussian_denoiser(), 3.0,
               as_taken(falling_sigmas(5), sampler.levels.grid), counting);
    // One draw a step, also at the last, whose noise is multiplied by 0: diffusers draws it too.
    EXPECT_EQ(draws, sampler.stochastic ? 5 : 0) << sampler.name;
  }
}

TEST(Samplers, AMissListsTheNames) {
  try {
    (void)find_sampler("hein");
    FAIL() << "found a sampler called hein";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit(), Exit::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("\"hein\""));
    for (const Sampler& sampler : samplers())
      EXPECT_THAT(error.what(), testing::HasSubstr(std::string(sampler.name)));
  }
}

// Mutants: what a slip of the pen would give. The proofs above must tell them from the real thing.

Tensor heun_with_the_second_slope_at_the_old_x(const Denoiser& denoise, Tensor x,
                                               std::span<const double> sigmas, const NoiseSource&) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Tensor here = (x - denoise(x, sigmas[i])) / sigmas[i];
    const Tensor there = (x - denoise(x, sigmas[i + 1])) / sigmas[i + 1];
    x = x + (here + there) * ((sigmas[i + 1] - sigmas[i]) / 2);
  }
  return x;
}

Tensor dpmpp_2m_with_r_inverted(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                                const NoiseSource&) {
  Tensor previous;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Tensor clean = denoise(x, sigmas[i]);
    const double ratio = sigmas[i + 1] / sigmas[i];
    Tensor target = clean;
    if (i > 0)
      target = clean +
               (clean - previous) * (std::log(sigmas[i - 1] / sigmas[i]) / std::log(1 / ratio) / 2);
    x = x * ratio + target * (1 - ratio);
    previous = clean;
  }
  return x;
}

Tensor euler_with_the_slope_at_the_wrong_sigma(const Denoiser& denoise, Tensor x,
                                               std::span<const double> sigmas, const NoiseSource&) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i)
    x = x + (x - denoise(x, sigmas[i + 1])) / sigmas[i] * (sigmas[i + 1] - sigmas[i]);
  return x;
}

TEST(SamplerProofs, RejectMutants) {
  EXPECT_LT(convergence_order(heun_with_the_second_slope_at_the_old_x, Evenness::smooth), 1.1);
  EXPECT_GT(std::abs(two_steps_of(dpmpp_2m_with_r_inverted) - dpmpp_2m_by_hand), 0.1);
  // Order alone does not see this one: it is still of first order.
  const std::vector<double> sigmas = falling_sigmas(17);
  EXPECT_GT(std::abs(run_scalar(euler_with_the_slope_at_the_wrong_sigma, gaussian_denoiser(),
                                sigmas.front(), sigmas, no_noise()) -
                     euler_product(sigmas)),
            1e-3);
}

}  // namespace
}  // namespace ip2p::test
