// objective_test.cpp - the paper's conditioning dropout and noise, in numbers worked out by hand.
#include "ip2p/train/objective.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(Objective, DropsConditionsInDisjointShares) {
  const TrainConfig config;
  int image = 0;
  int text = 0;
  int both = 0;
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) {
    const Dropped lost = dropped(config, (i + 0.5) / count);
    if (lost.image && lost.text) ++both;
    if (lost.image && !lost.text) ++image;
    if (!lost.image && lost.text) ++text;
  }
  EXPECT_EQ(image, 50);
  EXPECT_EQ(text, 50);
  EXPECT_EQ(both, 50);
}

TEST(Objective, TimestepsAreUniformOrLeanToNoise) {
  TrainConfig config;
  EXPECT_EQ(drawn_timestep(config, 1000, 0.0), 0);
  EXPECT_EQ(drawn_timestep(config, 1000, 0.4999), 499);
  EXPECT_EQ(drawn_timestep(config, 1000, std::nextafter(1.0, 0.0)), 999);
  config.noisy_bias = 2;
  EXPECT_EQ(drawn_timestep(config, 1000, 0.0), 999);
  EXPECT_EQ(drawn_timestep(config, 1000, 0.5), 750);
}

/// Two timesteps: a = 0.75 and 0.375.
NoiseSpec two_levels(Prediction prediction) {
  NoiseSpec noise;
  noise.prediction = prediction;
  noise.betas = {0.25F, 0.5F};
  return noise;
}

Batch batch_of(std::uint64_t items) {
  Batch batch;
  const auto count = static_cast<std::int64_t>(items);
  batch.image = torch::full({count, 2, 3, 4}, 0.5F);
  batch.target = torch::full({count, 2, 3, 4}, 3.0F);
  for (std::uint64_t i = 0; i < items; ++i) {
    batch.instructions.emplace_back("words");
    batch.places.push_back({.seed = 7, .batch = 2, .item = i});
  }
  return batch;
}

TEST(Objective, NoiseAndVAreConsistent) {
  TrainConfig config;
  config.drop_image = config.drop_text = config.drop_both = 0;
  const LatentSpec latent{
      .channels = 2, .pixels_per_latent = 8, .scale = 0.5, .shift = 1.0, .image_scale = 1.0};
  const Batch batch = batch_of(16);
  const NoisyBatch by_noise =
      make_noisy(batch, config, two_levels(Prediction::epsilon), latent, torch::kCPU);
  const NoisyBatch by_v =
      make_noisy(batch, config, two_levels(Prediction::v_prediction), latent, torch::kCPU);
  const torch::Tensor clean = torch::ones({2, 3, 4});  // (3 - 1) * 0.5
  std::set<double> seen;
  for (std::int64_t i = 0; i < 16; ++i) {
    const double timestep = by_noise.timestep[i].item<double>();
    seen.insert(timestep);
    const double a = timestep == 0 ? 0.75 : 0.375;
    const torch::Tensor noise = by_noise.expected[i];
    const torch::Tensor sample = by_noise.sample[i].slice(0, 0, 2);
    EXPECT_TRUE(torch::allclose(sample, std::sqrt(a) * clean + std::sqrt(1 - a) * noise));
    EXPECT_TRUE(torch::allclose(by_v.expected[i], std::sqrt(a) * noise - std::sqrt(1 - a) * clean));
    EXPECT_TRUE(by_noise.sample[i].slice(0, 2).equal(batch.image[i]));
  }
  EXPECT_EQ(seen.size(), 2U);
}

TEST(Objective, MinSnrWeighsByPrediction) {
  TrainConfig config;
  config.min_snr = 1.0;
  const Batch batch = batch_of(16);
  for (const Prediction prediction : {Prediction::epsilon, Prediction::v_prediction}) {
    const NoisyBatch noisy = make_noisy(batch, config, two_levels(prediction), {}, torch::kCPU);
    for (std::int64_t i = 0; i < 16; ++i) {
      const double snr = noisy.timestep[i].item<double>() == 0 ? 3.0 : 0.6;
      const double below = prediction == Prediction::epsilon ? snr : snr + 1;
      EXPECT_NEAR(noisy.weight[i].item<double>(), std::min(snr, 1.0) / below, 1e-6);
    }
  }
}

TEST(Objective, AnItemIsTheSameInAnyBatch) {
  const TrainConfig config;
  const NoiseSpec noise = two_levels(Prediction::epsilon);
  const NoisyBatch all = make_noisy(batch_of(6), config, noise, {}, torch::kCPU);
  Batch last = batch_of(6);
  last.image = last.image.slice(0, 5);
  last.target = last.target.slice(0, 5);
  last.places = {last.places.back()};
  last.instructions.resize(1);
  const NoisyBatch alone = make_noisy(last, config, noise, {}, torch::kCPU);
  EXPECT_TRUE(alone.sample[0].equal(all.sample[5]));
  EXPECT_TRUE(alone.expected[0].equal(all.expected[5]));
}

TEST(Objective, TheLossIsAMeanOverItems) {
  NoisyBatch batch;
  batch.expected = torch::zeros({2, 1, 2, 2});
  batch.weight = torch::tensor({1.0F, 0.5F});
  const torch::Tensor predicted =
      torch::stack({torch::full({1, 2, 2}, 2.0F), torch::full({1, 2, 2}, 4.0F)});
  EXPECT_FLOAT_EQ(weighted_loss(predicted, batch).item<float>(), (4 * 1 + 16 * 0.5F) / 2);
}

}  // namespace
}  // namespace ip2p
