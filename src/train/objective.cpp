// objective.cpp - every random choice is made from an item's place, so a batch is the same in one
// process and in two, and after a resume.
#include "ip2p/train/objective.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

namespace ip2p {
namespace {

/// Running product of 1 - beta, in float32 as diffusers computes it.
torch::Tensor alphas(const NoiseSpec& noise) {
  return (1 - torch::tensor(noise.betas)).cumprod(0);
}

/// Normal noise of `sizes` (one item's) from a generator of its own.
torch::Tensor noise_of(const Place& place, Purpose purpose, at::IntArrayRef sizes) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(draw_bits(place, purpose));
  return torch::randn(sizes, generator, torch::kFloat32);
}

/// (B,...) with one call of `draw` an item.
template <class Draw>
torch::Tensor for_each_place(const std::vector<Place>& places, Draw draw) {
  std::vector<torch::Tensor> items;
  items.reserve(places.size());
  for (const Place& place : places) items.push_back(draw(place));
  return torch::stack(items);
}

torch::Tensor by_item(const torch::Tensor& values) {
  return values.view({-1, 1, 1, 1});
}

/// min(snr, gamma) / snr for noise prediction and / (snr + 1) for v (Hang et al. 2023).
torch::Tensor min_snr_weight(const torch::Tensor& alpha, double gamma, Prediction prediction) {
  const torch::Tensor snr = alpha / (1 - alpha);
  return snr.clamp_max(gamma) / (prediction == Prediction::epsilon ? snr : snr + 1);
}

}  // namespace

Dropped dropped(const TrainConfig& config, double uniform) {
  const double text_end = config.drop_text;
  const double both_end = text_end + config.drop_both;
  const double image_end = both_end + config.drop_image;
  return {.image = uniform >= text_end && uniform < image_end, .text = uniform < both_end};
}

std::int64_t drawn_timestep(const TrainConfig& config, std::int64_t timesteps, double uniform) {
  const double place =
      config.noisy_bias == 1.0 ? uniform : 1.0 - std::pow(uniform, config.noisy_bias);
  const auto timestep = static_cast<std::int64_t>(place * static_cast<double>(timesteps));
  return std::min(timestep, timesteps - 1);
}

NoisyBatch make_noisy(const Batch& batch, const TrainConfig& config, const NoiseSpec& noise,
                      const LatentSpec& latent, const torch::Device& device) {
  const torch::NoGradGuard no_grad;
  const torch::IntArrayRef item_sizes = batch.target.sizes().slice(1);
  const auto count = static_cast<std::int64_t>(noise.betas.size());

  std::vector<std::int64_t> timesteps;
  std::vector<float> keeps_image;
  NoisyBatch noisy;
  for (const Place& place : batch.places) {
    timesteps.push_back(drawn_timestep(config, count, draw_uniform(place, Purpose::timestep)));
    const Dropped lost = dropped(config, draw_uniform(place, Purpose::dropout));
    keeps_image.push_back(lost.image ? 0.0F : 1.0F);
    noisy.drop_text.push_back(lost.text);
  }

  const torch::Tensor timestep = torch::tensor(timesteps);
  const torch::Tensor alpha = alphas(noise).index_select(0, timestep);
  const torch::Tensor signal = by_item(alpha.sqrt());
  const torch::Tensor spread = by_item((1 - alpha).sqrt());
  const torch::Tensor clean = (batch.target - latent.shift) * latent.scale;
  torch::Tensor drawn = for_each_place(batch.places, [&](const Place& place) {
    return noise_of(place, Purpose::noise, item_sizes);
  });
  if (config.noise_offset > 0)
    drawn = drawn + config.noise_offset * for_each_place(batch.places, [&](const Place& place) {
                      return noise_of(place, Purpose::offset, {item_sizes[0], 1, 1});
                    });

  const torch::Tensor sample = signal * clean + spread * drawn;
  const torch::Tensor image =
      batch.image * latent.image_scale * by_item(torch::tensor(keeps_image));
  noisy.sample = torch::cat({sample, image}, 1).to(device);
  noisy.timestep = timestep.to(torch::kFloat32).to(device);
  noisy.expected =
      (noise.prediction == Prediction::epsilon ? drawn : signal * drawn - spread * clean)
          .to(device);
  noisy.weight = (config.min_snr ? min_snr_weight(alpha, *config.min_snr, noise.prediction)
                                 : torch::ones_like(alpha))
                     .to(device);
  return noisy;
}

torch::Tensor weighted_loss(const torch::Tensor& predicted, const NoisyBatch& batch) {
  const torch::Tensor error = (predicted.to(torch::kFloat32) - batch.expected).square();
  return (error.mean({1, 2, 3}) * batch.weight).mean();
}

}  // namespace ip2p
