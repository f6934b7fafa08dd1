// denoiser.cpp - from the network's scale and parameterisation to the samplers', nothing else.
#include "ip2p/diffusion/denoiser.h"

#include <cmath>
#include <utility>

namespace ip2p {

Denoiser make_denoiser(Predictor predict, Prediction prediction, NoiseLevels levels,
                       StepObserver observe) {
  auto denoised = [predict = std::move(predict), levels = std::move(levels),
                   observe = std::move(observe), prediction](const Tensor& noisy, double sigma) {
    const double timestep = levels.timestep_at(sigma);
    if (observe) observe(levels.step_at(timestep), levels.timesteps.size());

    const double norm = std::sqrt(1 + sigma * sigma);
    const Tensor predicted = predict(noisy / norm, timestep);
    if (prediction == Prediction::v_prediction)
      return noisy / (norm * norm) - predicted * (sigma / norm);
    return noisy - predicted * sigma;
  };
  return {.denoised = std::move(denoised), .prediction = prediction};
}

}  // namespace ip2p
