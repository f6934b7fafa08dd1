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
  std::int64_t pixels = 0;  ///< side of the square, a multiple of the bundle's size_multiple
  std::int64_t batch = 0;   ///< examples of one batch, over all processes
  std::int64_t share = 1;   ///< steps of this size in a turn
};

struct TrainConfig {
  // where from and where to; relative paths are relative to the config's folder
  std::string bundle;           ///< the bundle to start from
  std::string data;             ///< folder or .jsonl with the examples (example.h)
  std::string validation_data;  ///< the same, held out; "" for none
  std::string output;  ///< folder for checkpoints, metrics, contact sheets, the latent cache

  // what the exported bundle says of itself; "" for what the bundle it started from says
  std::string name;
  std::string source;   ///< what the weights were made from
  std::string licence;  ///< of the weights

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

template <class Self, class Field>
void TrainConfig::visit(Self& self, Field&& field) {
  field("bundle", self.bundle, "folder of the bundle to start from (required)");
  field("data", self.data,
        "the examples: an image folder with metadata.jsonl, a .jsonl file, or a folder in the "
        "original's layout (required)");
  field("validation_data", self.validation_data, "held-out examples, in the same layouts");
  field("output", self.output,
        "folder for checkpoints, metrics, contact sheets and cached latents (required)");

  field("name", self.name, "the exported bundle's name");
  field("source", self.source, "what the exported bundle says its weights were made from");
  field("licence", self.licence, "the licence of the exported weights");

  field("device", self.device, "auto, cpu, cuda or cuda:N");
  field("precision", self.precision, "of the arithmetic; weights and moments stay float32",
        Choices{"float32", "bfloat16"});
  field("seed", self.seed, "decides the order of the examples, the noise and every other draw");
  field("steps", self.steps, "optimizer steps", Range{1, 1'000'000'000});
  field("accumulate", self.accumulate, "batches an optimizer step", Range{1, 65536});
  field("train_text", self.train_text, "the text encoder learns too");
  field("reader_threads", self.reader_threads, "threads that read ahead", Range{1, 256});

  field("resolution", self.resolution,
        "pictures are resized and centre-cropped to a square of this side, in pixels",
        Range{8, 16384});
  field("flip", self.flip, "half of the examples are mirrored, both pictures alike");
  field("cache_latents", self.cache_latents,
        "encode each picture once, into a file below output; crops then lie on the latent grid");
  field("batch", self.batch, "examples of one batch, over all processes, when crops is not given",
        Range{1, 65536});

  field("drop_image", self.drop_image, "share of examples without the picture as a condition",
        Range{0.0, 1.0});
  field("drop_text", self.drop_text, "share of examples without the instruction", Range{0.0, 1.0});
  field("drop_both", self.drop_both, "share of examples without either", Range{0.0, 1.0});
  field("noisy_bias", self.noisy_bias,
        "timesteps are T (1 - u^bias): 1 is uniform, above 1 sees more noise", Range{0.01, 100.0});
  field("min_snr", self.min_snr, "gamma of min-SNR weighting (default: no weighting)",
        Range{0.001, 1e6});
  field("noise_offset", self.noise_offset, "noise that is constant over a channel",
        Range{0.0, 1.0});

  field("optimizer", self.optimizer, "how gradients move weights", Choices{"adamw", "muon"});
  field("learning_rate", self.learning_rate, "of the plateau", Range{0.0, 10.0});
  field("adam_rate", self.adam_rate,
        "muon only: rate of what is no matrix, as a share of learning_rate", Range{0.0, 1000.0});
  field("weight_decay", self.weight_decay, "decoupled, times the learning rate", Range{0.0, 100.0});
  field("beta1", self.beta1, "AdamW: memory of the mean", Range{0.0, 0.999999});
  field("beta2", self.beta2, "AdamW: memory of the squares", Range{0.0, 0.99999999});
  field("momentum", self.momentum, "muon only: memory of the gradient", Range{0.0, 0.999999});
  field("warmup", self.warmup, "optimizer steps of linear rise", Range{0, 1'000'000'000});
  field("schedule", self.schedule, "of the learning rate after the rise",
        Choices{"constant", "cosine"});
  field("decay_from", self.decay_from, "cosine only: share of the steps after which the rate falls",
        Range{0.0, 1.0});
  field("final_rate", self.final_rate, "cosine only: share of learning_rate at the end",
        Range{0.0, 1.0});
  field("clip_norm", self.clip_norm, "largest joint norm of the gradients; 0: not clipped",
        Range{0.0, 1e9});
  field("ema_decay", self.ema_decay, "share of the old average after a step, at most",
        Range{0.0, 1.0});
  field("ema_warmup", self.ema_warmup,
        "the average's share after step s is (1 + s) / (ema_warmup + s), until ema_decay",
        Range{1.0, 1e9});

  field("checkpoint_every", self.checkpoint_every, "optimizer steps", Range{1, 1'000'000'000});
  field("keep", self.keep, "checkpoints that are kept, beside the best", Range{1, 1'000'000});
  field("validate_every", self.validate_every, "optimizer steps; 0: never",
        Range{0, 1'000'000'000});
  field("validation_examples", self.validation_examples, "how many of validation_data are used",
        Range{1, 1'000'000});
  field("log_every", self.log_every, "optimizer steps", Range{1, 1'000'000'000});
}

/// A key, as help and documents show it.
struct ConfigKey {
  std::string name;
  std::string help;
  std::string values;    ///< "1 to 65536", "one of adamw, muon", "true or false"; "" for any word
  std::string standard;  ///< the value where the key is not given, as JSON; "" for none
};

/// Every key that a config may have, in the order of `visit`.
std::vector<ConfigKey> config_keys();

/// Reads the file; relative paths in it become relative to its folder. Error{usage} names an
/// unknown key, a wrong type, or a number out of range, with what is allowed.
TrainConfig read_train_config(const fs::path& path);

}  // namespace ip2p
