// samplers.h - the ways from noise to a latent: pure functions, and the table that names them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ip2p/diffusion/denoiser.h"
#include "ip2p/diffusion/noise.h"
#include "ip2p/diffusion/schedule.h"

namespace ip2p {

/// Walks `x` (B,C,h,w), which has noise of sigmas.front(), down the sigmas and returns it at
/// sigmas.back(). Each is the scheduler of that name in diffusers, written for sigma.
using SamplerFunction = Tensor (*)(const Denoiser& denoise, Tensor x,
                                   std::span<const double> sigmas, const NoiseSource& noise);

/// Euler's method on dx/dsigma = (x - D(x, sigma)) / sigma (Karras et al. 2022, algorithm 1 without
/// correction).
Tensor sample_euler(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

/// DDIM (Song et al. 2021) without noise: with sigma as the variable it is Euler's method (their
/// section 4.3), here on pairs.
Tensor sample_ddim(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

/// Euler steps that go further down than asked and put fresh noise back ("ancestral", DDPM's
/// variance).
Tensor sample_euler_ancestral(const Denoiser&, Tensor x, std::span<const double> sigmas,
                              const NoiseSource&);

/// Heun's method (Karras et al. 2022, algorithm 1): two evaluations a step, the last step Euler's.
Tensor sample_heun(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

/// Linear multistep (Adams-Bashforth on uneven sigmas), order 4.
Tensor sample_lms(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

/// Pseudo linear multistep (Liu et al. 2022, PNDM without its Runge-Kutta start, as Stable
/// Diffusion uses it): the coefficients of even steps, up to order 4, on the network's own
/// prediction.
Tensor sample_plms(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

/// DPM-Solver++ of order 2, multistep (Lu et al. 2022, algorithm 2).
Tensor sample_dpmpp_2m(const Denoiser&, Tensor x, std::span<const double> sigmas,
                       const NoiseSource&);

/// UniPC of order 2 on the data prediction, B2(h) (Zhao et al. 2023, algorithm 1 and 2).
Tensor sample_unipc(const Denoiser&, Tensor x, std::span<const double> sigmas, const NoiseSource&);

struct Sampler {
  std::string_view name;
  SamplerFunction run;
  LevelRule levels;
  int order;        ///< halving the steps' length divides the error by 2^order
  bool stochastic;  ///< draws noise on the way, not only at the start
  std::string_view description;
};

/// Every sampler, the default first.
std::span<const Sampler> samplers();

/// The sampler of that name; Error{usage} with the known names when there is none.
const Sampler& find_sampler(const std::string& name);

}  // namespace ip2p
