// learner.h - the network that is trained: its weights, and the loss of a batch.
#pragma once

#include <string>
#include <vector>

#include "ip2p/base/lru_cache.h"
#include "ip2p/model/bundle.h"
#include "ip2p/text/tokenizer.h"
#include "ip2p/train/config.h"
#include "ip2p/train/objective.h"

namespace ip2p {

class Learner {
 public:
  /// `bundle` holds the UNet, the text encoder and the VAE's encoder, in float32.
  Learner(Bundle bundle, const TrainConfig& config);

  /// What is trained: "unet.NAME", and "text_encoder.NAME" with train_text.
  [[nodiscard]] const NamedTensors& parameters() const { return parameters_; }

  /// The loss of a batch as a scalar; gradients can be had of it for those parameters that were
  /// made to require them.
  [[nodiscard]] torch::Tensor loss(const Batch& batch);

  /// What the batch reader needs: (B,3,H,W) -> the VAE's mode, unscaled.
  [[nodiscard]] torch::Tensor encode(const torch::Tensor& pixels) const;

  /// Once all latents are cached, nobody calls `encode` any more.
  void forget_encoder() { bundle_ = bundle_.without({"vae_encoder"}); }

  [[nodiscard]] const Bundle& bundle() const { return bundle_; }

 private:
  [[nodiscard]] torch::Tensor ids(const std::string& instruction) const;
  [[nodiscard]] torch::Tensor learned_context(const std::vector<std::string>& words) const;
  [[nodiscard]] torch::Tensor frozen_context(const std::vector<std::string>& words);

  Bundle bundle_;
  TrainConfig config_;
  Tokenizer tokenizer_;
  NamedTensors parameters_;
  LruCache<torch::Tensor> known_;  ///< (1,T,D) on the CPU by instruction, of a frozen text encoder
};

/// The weights of `bundle` that a run trains, by the learner's names.
NamedTensors trained_parameters(const Bundle& bundle, const TrainConfig& config);

}  // namespace ip2p
