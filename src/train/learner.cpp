// learner.cpp - from instructions and latents to one number.
#include "learner.h"

#include <algorithm>

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "ip2p/model/token_ids.h"

namespace ip2p {
namespace {

/// While it lives, products and convolutions run in bfloat16 and the rest in float32; the weights
/// stay float32 and so do their gradients.
class MixedPrecision {
 public:
  MixedPrecision(bool on, torch::Device device) : on_(on), kind_(device.type()) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(kind_, torch::kBFloat16);
    at::autocast::set_autocast_enabled(kind_, true);
    at::autocast::increment_nesting();
  }
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;
  ~MixedPrecision() {
    if (!on_) return;
    // casts of weights are remembered within one forward pass only: the next one has new weights
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(kind_, false);
  }

 private:
  bool on_;
  torch::DeviceType kind_;
};

/// As many as fit into a quarter of a GiB: a data set may have a million instructions.
std::size_t remembered_contexts(const Manifest& manifest) {
  constexpr std::int64_t bytes = std::int64_t{256} << 20;
  const auto each =
      manifest.text.length * manifest.context_width * static_cast<std::int64_t>(sizeof(float));
  return static_cast<std::size_t>(std::max<std::int64_t>(bytes / each, 1));
}

}  // namespace

NamedTensors trained_parameters(const Bundle& bundle, const TrainConfig& config) {
  NamedTensors all;
  for (const std::string part : {"unet", "text_encoder"}) {
    if (part == "text_encoder" && !config.train_text) continue;
    for (const auto& [name, tensor] : bundle.parameters(part))
      all.emplace_back(part + "." + name, tensor);
  }
  return all;
}

Learner::Learner(Bundle bundle, const TrainConfig& config)
    : bundle_(std::move(bundle)),
      config_(config),
      tokenizer_(bundle_.manifest().file("tokenizer").path, bundle_.manifest().text),
      parameters_(trained_parameters(bundle_, config)),
      known_(remembered_contexts(bundle_.manifest())) {}

torch::Tensor Learner::encode(const torch::Tensor& pixels) const {
  const torch::NoGradGuard no_grad;
  return (bundle_.encode_image(pixels) / bundle_.manifest().latent.image_scale).to(torch::kCPU);
}

torch::Tensor Learner::ids(const std::string& instruction) const {
  return token_ids(tokenizer_, instruction, bundle_.manifest());
}

torch::Tensor Learner::learned_context(const std::vector<std::string>& words) const {
  std::vector<torch::Tensor> all;
  for (const std::string& instruction : words) all.push_back(ids(instruction));
  return bundle_.encode_text(torch::cat(all));
}

/// One at a time: encoded beside others, an instruction's numbers differ in the last bits, and what
/// stands beside it depends on what is remembered, which a resumed run does not share.
torch::Tensor Learner::frozen_context(const std::vector<std::string>& words) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> all;
  for (const std::string& instruction : words)
    all.push_back(known_.get(
        instruction, [&] { return bundle_.encode_text(ids(instruction)).to(torch::kCPU); }));
  return torch::cat(all).to(bundle_.placement().device);
}

torch::Tensor Learner::loss(const Batch& batch) {
  const Manifest& manifest = bundle_.manifest();
  const torch::Device device = bundle_.placement().device;
  const NoisyBatch noisy = make_noisy(batch, config_, manifest.noise, manifest.latent, device);
  std::vector<std::string> words = batch.instructions;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (noisy.drop_text[i]) words[i].clear();
  // what is remembered is float32: it does not depend on the precision of the step that needed it
  torch::Tensor context;
  if (!config_.train_text) context = frozen_context(words);
  const MixedPrecision mixed(config_.precision == "bfloat16", device);
  if (config_.train_text) context = learned_context(words);
  return weighted_loss(bundle_.predict(noisy.sample, noisy.timestep, context), noisy);
}

}  // namespace ip2p
