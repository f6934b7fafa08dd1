// config.h - everything that a training run is told: the keys of `ip2p train CONFIG.json`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/base/options.h"

namespace ip2p {

/// A size at which examples are seen. Every step has one of them, in turn, by share.
struct CropRule {
  std::int64_t pixels = 0;  ///< side of the square, a multiple of the bundle's pixels per latent
  std::int64_t batch = 0;   ///< examples of one batch, over all processes
  std::int64_t share = 1;   ///< steps of this size in a turn
};

struct TrainConfig {
  // where from and where to; relative paths are relative to the config's folder
  std::string bundle;           ///< the bundle to start from
  std::string data;             ///< folder or .jsonl with the examples (example.h)
  std::string validation_data;  ///< the same, held out; "" for none
  std::string output;  ///< folder for checkpoints, metrics, contact sheets, the latent cache

  std::string device = "auto";
  std::string precision = "float32";  ///< of the arithmetic; weights and moments are float32
  std::uint64_t seed = 0;
  std::int64_t steps = 10000;   ///< optimizer steps
  std::int64_t accumulate = 1;  ///< batches an optimizer step
  bool train_text = false;      ///< the text encoder learns too
  std::int64_t reader_threads = 2;

  // examples
  std::int64_t resolution = 256;  ///< pictures are resized and centre-cropped to this square
  bool flip = true;               ///< half of the examples are mirrored, both pictures alike
  bool cache_latents = true;      ///< encode each picture once; crops then lie on the latent grid
  std::vector<CropRule> crops;    ///< empty: whole squares, `batch` of them
  std::int64_t batch = 8;         ///< used when `crops` is empty

  // the objective
  double drop_image = 0.05;  ///< share of examples without the image condition
  double drop_text = 0.05;   ///< ... without the instruction
  double drop_both = 0.05;   ///< ... without either; the three are disjoint (paper, section 3.2)
  double noisy_bias = 1.0;   ///< t = T (1 - u^bias): 1 uniform as in the paper, above 1 more noise
  std::optional<double> min_snr;  ///< gamma of min-SNR weighting (Hang et al. 2023)
  double noise_offset = 0.0;      ///< constant noise a channel (offset noise); 0 as in the paper

  // the optimizer
  std::string optimizer = "adamw";
  double learning_rate = 1e-4;
  double adam_rate = 0.1;  ///< Muon only: rate of what is no matrix, as a share of learning_rate
  double weight_decay = 0.01;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double momentum = 0.95;   ///< Muon's
  std::int64_t warmup = 0;  ///< optimizer steps of linear rise
  std::string schedule = "constant";
  double decay_from = 0.0;    ///< cosine: the share of the steps after which the rate falls
  double final_rate = 0.0;    ///< cosine: the share of learning_rate at the end
  double clip_norm = 1.0;     ///< 0: gradients are not clipped
  double ema_decay = 0.9999;  ///< the largest; min(ema_decay, (1 + step) / (ema_warmup + step))
  double ema_warmup = 10.0;

  // what is kept and what is looked at
  std::int64_t checkpoint_every = 1000;
  std::int64_t keep = 2;            ///< checkpoints, beside the best
  std::int64_t validate_every = 0;  ///< optimizer steps; 0: never
  std::int64_t validation_examples = 8;
  std::int64_t log_every = 10;

  template <class Self, class Field>
  static void visit(Self& self, Field&& field);
};

/// Reads the file; relative paths in it become relative to its folder. Error{usage} names an
/// unknown key, a wrong type, or a number out of range, with what is allowed.
TrainConfig read_train_config(const fs::path& path);

}  // namespace ip2p
