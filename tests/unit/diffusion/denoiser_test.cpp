// denoiser_test.cpp - both parameterisations recover a latent that is known.
#include "ip2p/diffusion/denoiser.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p::test {
namespace {

const NoiseLevels levels{
    .sigmas = {3.0, 0.5, 0.0}, .sigma_timesteps = {800, 200, 0}, .timesteps = {800, 200}};

struct Known {
  Tensor latent = torch::tensor({{{{0.5, -1.0}}}}, torch::kFloat64);
  Tensor noise = torch::tensor({{{{2.0, 0.25}}}}, torch::kFloat64);
};

Predictor predict_noise(const Known& known) {
  return [known](const Tensor&, double) { return known.noise; };
}

Predictor predict_v(const Known& known) {
  return [known](const Tensor&, double timestep) {
    const double sigma = timestep == 800 ? 3.0 : 0.5;
    const double norm = std::hypot(1.0, sigma);
    return known.noise / norm - known.latent * (sigma / norm);
  };
}

TEST(Denoiser, RecoversTheLatent) {
  const Known known;
  for (const double sigma : {3.0, 0.5}) {
    const Tensor noisy = known.latent + known.noise * sigma;
    const auto error = [&](Predictor predict, Prediction prediction) {
      const Denoiser denoise = make_denoiser(std::move(predict), prediction, levels, {});
      return (denoise(noisy, sigma) - known.latent).abs().max().item<double>();
    };
    EXPECT_LT(error(predict_noise(known), Prediction::epsilon), 1e-14);
    EXPECT_LT(error(predict_v(known), Prediction::v_prediction), 1e-14);
  }
}

TEST(Denoiser, TellsTheNetworkTheTrainedScaleAndTheTimestep) {
  const Predictor check = [](const Tensor& scaled, double timestep) {
    EXPECT_EQ(timestep, 200);
    EXPECT_NEAR(scaled.max().item<double>(), 1 / std::hypot(1.0, 0.5), 1e-6);
    return torch::zeros_like(scaled);
  };
  (void)make_denoiser(check, Prediction::epsilon, levels, {})(torch::ones({1, 1, 2, 2}), 0.5);
}

TEST(Denoiser, ReportsStepsAndStopsWhenTheObserverThrows) {
  std::vector<std::size_t> seen;
  const Denoiser denoise = make_denoiser([](const Tensor& scaled, double) { return scaled; },
                                         Prediction::epsilon, levels,
                                         [&seen](std::size_t step, std::size_t steps) {
                                           EXPECT_EQ(steps, 2U);
                                           seen.push_back(step);
                                           if (step == 1) throw Error(Exit::interrupted, "stopped");
                                         });
  const Tensor x = torch::ones({1, 1, 2, 2});
  EXPECT_NO_THROW((void)denoise(x, 3.0));
  EXPECT_THROW((void)denoise(x, 0.5), Error);
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 1}));
}

TEST(Denoiser, RefusesASigmaThatIsNotALevel) {
  const Denoiser denoise = make_denoiser([](const Tensor& scaled, double) { return scaled; },
                                         Prediction::epsilon, levels, {});
  EXPECT_THROW((void)denoise(torch::ones({1, 1, 2, 2}), 1.0), Error);
}

}  // namespace
}  // namespace ip2p::test
