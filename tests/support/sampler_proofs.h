// sampler_proofs.h - what can be known about a sampler without any model: models whose exact answer
// has a formula.
#pragma once

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ip2p/diffusion/samplers.h"

namespace ip2p::test {

/// Data from N(0, data_std^2), for which the best denoiser and the ODE's solution are known.
constexpr double data_std = 0.7;

inline Denoiser gaussian_denoiser(Prediction prediction = Prediction::epsilon) {
  return {.denoised =
              [](const Tensor& x, double sigma) {
                const double variance = data_std * data_std;
                return x * (variance / (variance + sigma * sigma));
              },
          .prediction = prediction};
}

/// A model that knows the answer.
inline Denoiser point_denoiser(double target) {
  return {.denoised = [target](const Tensor& x, double) { return torch::full_like(x, target); }};
}

/// How the steps of a run compare with their neighbours.
enum class Evenness {
  smooth,  ///< each about as long as the one before
  uneven,  ///< twice as long and half as long in turn: a multistep rule that misjudges the ratio
           ///< loses its order
};

/// From 10 to 0.1.
inline std::vector<double> falling_sigmas(int steps, Evenness evenness = Evenness::smooth) {
  const double high = std::cbrt(10.0);
  const double low = std::cbrt(0.1);
  std::vector<double> sigmas;
  for (int i = 0; i <= steps; ++i) {
    const double shift = evenness == Evenness::uneven && i % 2 == 1 ? 1.0 / 3.0 : 0.0;
    sigmas.push_back(std::pow(high + (i + shift) / steps * (low - high), 3));
  }
  return sigmas;
}

/// A falling list as the sampler of that grid takes it: ddim and pndm go down pairs.
inline std::vector<double> as_taken(const std::vector<double>& sigmas, Grid grid) {
  if (grid != Grid::ddim && grid != Grid::pndm) return sigmas;
  std::vector<double> pairs;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    if (grid == Grid::pndm && i == 1) pairs.insert(pairs.end(), {sigmas[0], sigmas[1]});
    pairs.insert(pairs.end(), {sigmas[i], sigmas[i + 1]});
  }
  return pairs;
}

/// A model that answers with these numbers, call by call, whatever it is asked.
inline Denoiser scripted_denoiser(std::vector<double> answers) {
  auto next = std::make_shared<std::size_t>(0);
  return {.denoised = [answers = std::move(answers), next](const Tensor& x, double) {
    return torch::full_like(x, answers.at((*next)++));
  }};
}

inline NoiseSource no_noise() {
  return [](const Tensor& like) { return torch::zeros_like(like); };
}

inline NoiseSource unit_noise() {
  return [](const Tensor& like) { return torch::ones_like(like); };
}

inline double run_scalar(SamplerFunction run, const Denoiser& denoise, double start,
                         const std::vector<double>& sigmas, const NoiseSource& noise) {
  const Tensor x = torch::full({1, 1, 1, 1}, start, torch::kFloat64);
  return run(denoise, x, sigmas, noise).item<double>();
}

/// Distance from the ODE's end point: x(lo) = x(hi) sqrt((s^2 + lo^2) / (s^2 + hi^2)).
inline double ode_error(SamplerFunction run, const std::vector<double>& sigmas,
                        Prediction prediction = Prediction::epsilon) {
  const auto scale = [](double sigma) { return std::hypot(data_std, sigma); };
  const double exact = sigmas.front() * scale(sigmas.back()) / scale(sigmas.front());
  return std::abs(
      run_scalar(run, gaussian_denoiser(prediction), sigmas.front(), sigmas, no_noise()) - exact);
}

/// log2 of what halving the steps' length divides the error by. So many steps because the cheap
/// first steps of multistep rules show only then: lms has 3.4 at 80 steps, 2.03 here.
inline double convergence_order(SamplerFunction run, Evenness evenness,
                                Grid grid = Grid::continuous,
                                Prediction prediction = Prediction::epsilon) {
  return std::log2(ode_error(run, as_taken(falling_sigmas(1280, evenness), grid), prediction) /
                   ode_error(run, as_taken(falling_sigmas(2560, evenness), grid), prediction));
}

}  // namespace ip2p::test
