// multistep.cpp - samplers that use the predictions of earlier steps: lms, plms, dpmpp_2m.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>

#include "ip2p/diffusion/samplers.h"

#include "trained_scale.h"

namespace ip2p {
namespace {

/// The integral from sigmas[i] to sigmas[i + 1] of the Lagrange polynomial that is 1 at sigmas[i -
/// j] and 0 at the other `order` latest sigmas. Gauss-Legendre with 3 points is exact up to degree
/// 5; the degree is 3.
double adams_bashforth_weight(std::span<const double> sigmas, std::size_t i, std::size_t order,
                              std::size_t j) {
  const auto basis = [&](double sigma) {
    double product = 1.0;
    for (std::size_t k = 0; k < order; ++k)
      if (k != j) product *= (sigma - sigmas[i - k]) / (sigmas[i - j] - sigmas[i - k]);
    return product;
  };
  const double middle = (sigmas[i] + sigmas[i + 1]) / 2;
  const double half = (sigmas[i + 1] - sigmas[i]) / 2;
  const double node = std::sqrt(0.6);
  return half *
         (5 * basis(middle - half * node) + 8 * basis(middle) + 5 * basis(middle + half * node)) /
         9;
}

/// The network's own prediction at (x, sigma), recovered from the clean latent it stands for.
Tensor prediction_of(const Denoiser& denoise, const Tensor& x, double sigma) {
  const Tensor clean = denoise(x, sigma);
  const Tensor noise = (x - clean) / sigma;
  if (denoise.prediction == Prediction::epsilon) return noise;
  const double norm = std::sqrt(1 + sigma * sigma);
  return noise / norm - clean * (sigma / norm);
}

/// The noise in (x, sigma) when the network predicts `prediction`.
Tensor noise_of(const Denoiser& denoise, const Tensor& prediction, const Tensor& x, double sigma) {
  if (denoise.prediction == Prediction::epsilon) return prediction;
  const double norm = std::sqrt(1 + sigma * sigma);
  return prediction / norm + x * (sigma / (norm * norm));
}

/// Adams-Bashforth for even steps, of the order that the history (latest first) allows.
Tensor even_adams_bashforth(const std::deque<Tensor>& history) {
  switch (history.size()) {
    case 1:
      return history[0];
    case 2:
      return (history[0] * 3 - history[1]) / 2;
    case 3:
      return (history[0] * 23 - history[1] * 16 + history[2] * 5) / 12;
    default:
      return (history[0] * 55 - history[1] * 59 + history[2] * 37 - history[3] * 9) / 24;
  }
}

void remember(std::deque<Tensor>& history, const Tensor& latest) {
  history.push_front(latest);
  if (history.size() > 4) history.pop_back();
}

}  // namespace

Tensor sample_lms(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                  const NoiseSource& /*noise*/) {
  std::deque<Tensor> slopes;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    remember(slopes, (x - denoise(x, sigmas[i])) / sigmas[i]);
    Tensor step = torch::zeros_like(x);
    for (std::size_t j = 0; j < slopes.size(); ++j)
      step = step + slopes[j] * adams_bashforth_weight(sigmas, i, slopes.size(), j);
    x = x + step;
  }
  return x;
}

Tensor sample_plms(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                   const NoiseSource& /*noise*/) {
  const Tensor start = x;
  std::deque<Tensor> predictions;
  for (std::size_t i = 0; i + 1 < sigmas.size(); i += 2) {
    const double from = sigmas[i];
    const double to = sigmas[i + 1];
    // The first step has no history. It is taken again, with the mean of what is predicted at both
    // its ends.
    const bool again = i == 2;
    const double here = again ? to : from;
    if (i > 0) x = at_level(x, sigmas[i - 1], here);
    const Tensor predicted = prediction_of(denoise, x, here);
    if (!again) remember(predictions, predicted);

    const Tensor prediction =
        again ? (predicted + predictions.front()) / 2 : even_adams_bashforth(predictions);
    if (again) x = at_level(start, sigmas.front(), from);
    x = x + noise_of(denoise, prediction, x, from) * (to - from);
  }
  return x;
}

Tensor sample_dpmpp_2m(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                       const NoiseSource& /*noise*/) {
  Tensor previous;
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const Tensor clean = denoise(x, sigmas[i]);
    const double ratio = sigmas[i + 1] / sigmas[i];  // exp(-h), h the step in log signal-to-noise
    Tensor target = clean;
    // The step to sigma 0 is infinitely long in log signal-to-noise: first order.
    if (i > 0 && sigmas[i + 1] > 0.0) {
      const double step = -std::log(ratio);
      const double last_step = std::log(sigmas[i - 1] / sigmas[i]);
      target = clean + (clean - previous) * (step / last_step / 2);
    }
    x = x * ratio + target * (1 - ratio);
    previous = clean;
  }
  return x;
}

}  // namespace ip2p
