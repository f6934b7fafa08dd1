// batches.h - examples as tensors, read ahead of the step that learns from them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/train/config.h"
#include "ip2p/train/draw.h"
#include "ip2p/train/example.h"

namespace ip2p {

/// One process's share of a batch, on the CPU. B items, C latent channels, h w latents.
struct Batch {
  torch::Tensor image;   ///< (B,C,h,w) float32: the VAE's mode of the input, as the UNet takes it
  torch::Tensor target;  ///< (B,C,h,w) float32: the VAE's mode of the edited picture, unscaled
  std::vector<std::string> instructions;  ///< B
  std::vector<Place> places;              ///< B: where further draws for each item are made
};

/// (B,3,H,W) RGB in [-1,1] on the CPU -> (B,C,H/f,W/f) float32 on the CPU: the VAE's mode,
/// unscaled. Called by one thread at a time.
using EncodePixels = std::function<torch::Tensor(const torch::Tensor& pixels)>;

/// Which items of a batch a process takes: those with item % world == rank.
struct Share {
  std::uint64_t rank = 0;
  std::uint64_t world = 1;
};

/// What is known of the latent space.
struct LatentGrid {
  std::int64_t channels = 0;
  std::int64_t pixels_per_latent = 0;
  std::int64_t size_multiple = 0;  ///< pixels: sides that the UNet can halve at every level
  std::string encoder_hash;        ///< names the encoder, for the cache
};

/// How reading is watched and stopped.
struct ReadingWatch {
  /// The length of the list that the examples were chosen from, which the share of damaged ones is
  /// taken of; 0: they are the list.
  std::size_t listed = 0;
  /// Names damaged and left-out examples in warnings: one process does that for all.
  bool warns = true;
  /// Told while pictures are encoded into the cache: how many of how many are.
  std::function<void(std::size_t done, std::size_t all)> encoded;
  /// Asked meanwhile: true ends it by Error{interrupted}. What is encoded is kept for the next run.
  std::function<bool()> stopping;
};

/// Hands out batch after batch, from number `first` on. The content of batch n is a function of
/// the seed, n and the examples alone. Batch n has the size of crops[k], k the n-th of an endless
/// list in which each rule stands `share` times in a row. Examples that are `whole` are in batches
/// of whole squares only; without such a rule they are left out, with a warning that counts them.
///
/// With cache_latents every distinct picture is encoded once (and once mirrored, when `flip`),
/// into a file of float16 in `output`/latents that later runs and resumed ones find again; it is
/// named by the encoder, the resolution and the list of files with their sizes and times. One
/// process makes it; the others wait. Without it, pictures are decoded, cropped and encoded for
/// every batch.
///
/// Damaged: a picture that cannot be read, or a pair of two sizes. Each is named in a warning once
/// and left out, another drawn in its place. Error{file} when they are more than 1 % of the
/// examples (and more than 0 of fewer than 100), with the count and the first of them.
class Batches {
 public:
  Batches(const TrainConfig& config, std::vector<Example> examples, const LatentGrid& grid,
          EncodePixels encode, Share share, std::uint64_t first, const ReadingWatch& watch = {});
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;
  ~Batches();

  /// Blocks until it is read. Rethrows what went wrong in a reader.
  [[nodiscard]] Batch next();

  [[nodiscard]] std::size_t damaged() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
