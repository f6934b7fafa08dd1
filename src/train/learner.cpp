// learner.cpp - from instructions and latents to one number.
#include "learner.h"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include "ip2p/base/error.h"

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
      parameters_(trained_parameters(bundle_, config)) {}

torch::Tensor Learner::encode(const torch::Tensor& pixels) const {
  const torch::NoGradGuard no_grad;
  return (bundle_.encode_image(pixels) / bundle_.manifest().latent.image_scale).to(torch::kCPU);
}

torch::Tensor Learner::token_ids(const std::string& instruction) const {
  return torch::tensor(tokenizer_.encode(instruction).ids);
}

torch::Tensor Learner::context(const std::vector<std::string>& instructions,
                               const std::vector<bool>& dropped) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < instructions.size(); ++i)
    texts.push_back(dropped[i] ? "" : instructions[i]);
  if (config_.train_text) {
    std::vector<torch::Tensor> ids;
    for (const std::string& words : texts) ids.push_back(token_ids(words));
    return bundle_.encode_text(torch::stack(ids));
  }
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> contexts;
  for (const std::string& words : texts) {
    auto found = known_.find(words);
    if (found == known_.end())
      found = known_.emplace(words, bundle_.encode_text(token_ids(words).unsqueeze(0))[0]).first;
    contexts.push_back(found->second);
  }
  return torch::stack(contexts);
}

torch::Tensor Learner::loss(const Batch& batch) {
  const Manifest& manifest = bundle_.manifest();
  const torch::Device device = bundle_.placement().device;
  const NoisyBatch noisy = make_noisy(batch, config_, manifest.noise, manifest.latent, device);
  const MixedPrecision mixed(config_.precision == "bfloat16", device);
  const torch::Tensor words = context(batch.instructions, noisy.drop_text);
  return weighted_loss(bundle_.predict(noisy.sample, noisy.timestep, words), noisy);
}

}  // namespace ip2p
