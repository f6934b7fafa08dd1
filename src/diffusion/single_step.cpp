// single_step.cpp - samplers that remember nothing: euler, ddim, euler_a, heun.
#include <algorithm>
#include <cmath>

#include "ip2p/diffusion/samplers.h"

#include "trained_scale.h"

namespace ip2p {
namespace {

/// dx/dsigma of the probability flow.
Tensor slope(const Tensor& x, double sigma, const Tensor& denoised) {
  return (x - denoised) / sigma;
}

}  // namespace

Tensor sample_euler(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                    const NoiseSource& /*noise*/) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i)
    x = x + slope(x, sigmas[i], denoise(x, sigmas[i])) * (sigmas[i + 1] - sigmas[i]);
  return x;
}

Tensor sample_ddim(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                   const NoiseSource& /*noise*/) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); i += 2) {
    if (i > 0) x = at_level(x, sigmas[i - 1], sigmas[i]);
    x = x + slope(x, sigmas[i], denoise(x, sigmas[i])) * (sigmas[i + 1] - sigmas[i]);
  }
  return x;
}

Tensor sample_euler_ancestral(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                              const NoiseSource& noise) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const double from = sigmas[i];
    const double to = sigmas[i + 1];
    // to^2 = down^2 + up^2: what the step removes too much comes back as fresh noise
    const double up = std::sqrt(to * to * (from * from - to * to) / (from * from));
    const double down = std::sqrt(to * to - up * up);
    x = x + slope(x, from, denoise(x, from)) * (down - from);
    x = x + noise(x) * up;
  }
  return x;
}

Tensor sample_heun(const Denoiser& denoise, Tensor x, std::span<const double> sigmas,
                   const NoiseSource& /*noise*/) {
  for (std::size_t i = 0; i + 1 < sigmas.size(); ++i) {
    const double step = sigmas[i + 1] - sigmas[i];
    const Tensor here = slope(x, sigmas[i], denoise(x, sigmas[i]));
    const Tensor euler = x + here * step;
    if (sigmas[i + 1] == 0.0) return euler;  // there is no slope at sigma 0
    const Tensor there = slope(euler, sigmas[i + 1], denoise(euler, sigmas[i + 1]));
    x = x + (here + there) * (step / 2);
  }
  return x;
}

}  // namespace ip2p
