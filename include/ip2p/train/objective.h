// objective.h - the loss of the paper's equation 2, on tensors: no model and no data in sight.
#pragma once

#include <vector>

#include <torch/types.h>

#include "ip2p/diffusion/schedule.h"
#include "ip2p/model/manifest.h"
#include "ip2p/train/batches.h"
#include "ip2p/train/config.h"

namespace ip2p {

/// What an item's conditions lose.
struct Dropped {
  bool image = false;
  bool text = false;
};

/// By a number in [0, 1): below drop_text the text, in the next drop_both both, in the next
/// drop_image the image. Disjoint, as in the original's code.
Dropped dropped(const TrainConfig& config, double uniform);

/// Training timestep of a number in [0, 1): floor(timesteps * (1 - u^noisy_bias)), and for a bias
/// of 1 floor(timesteps * u).
std::int64_t drawn_timestep(const TrainConfig& config, std::int64_t timesteps, double uniform);

/// A batch with everything random decided. B items; tensors on the device of training.
struct NoisyBatch {
  torch::Tensor sample;    ///< (B,2C,h,w): noisy latent of trained scale, then the image condition
  torch::Tensor timestep;  ///< (B) float32
  torch::Tensor expected;  ///< (B,C,h,w): the noise, or v
  torch::Tensor weight;    ///< (B): of each item in the loss; 1 without min-SNR
  std::vector<bool> drop_text;  ///< B: whose instruction is replaced by the empty one
};

/// Adds noise: x_t = sqrt(a_t) z + sqrt(1 - a_t) n for z = (target - shift) * scale of
/// the latent, and decides
/// timesteps and dropout, each item by its own place.
NoisyBatch make_noisy(const Batch& batch, const TrainConfig& config, const NoiseSpec& noise,
                      const LatentSpec& latent, const torch::Device& device);

/// Mean over items of weight times the mean squared error of each, as a float32 scalar.
torch::Tensor weighted_loss(const torch::Tensor& predicted, const NoisyBatch& batch);

}  // namespace ip2p
