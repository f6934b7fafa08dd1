// denoiser.h - the one function that samplers call: a noisy latent and its sigma to the clean
// latent.
#pragma once

#include <functional>

#include <torch/types.h>

#include "ip2p/diffusion/schedule.h"
#include "ip2p/diffusion/step_observer.h"

namespace ip2p {

using torch::Tensor;

/// (B,C,h,w) with noise of standard deviation `sigma` -> (B,C,h,w), the clean latent the model sees
/// in it.
struct Denoiser {
  std::function<Tensor(const Tensor& noisy, double sigma)> denoised;
  /// What the model behind it predicts: the multistep rule of pndm works on the model's own output.
  Prediction prediction = Prediction::epsilon;

  Tensor operator()(const Tensor& noisy, double sigma) const { return denoised(noisy, sigma); }
};

/// The network as trained: (B,C,h,w) of trained scale and its timestep -> (B,C,h,w), its
/// prediction.
using Predictor = std::function<Tensor(const Tensor& scaled, double timestep)>;

/// The denoiser that a predictor is at the given levels (Karras et al. 2022, section 5, "VP"
/// column).
Denoiser make_denoiser(Predictor predict, Prediction prediction, NoiseLevels levels,
                       StepObserver observe);

}  // namespace ip2p
