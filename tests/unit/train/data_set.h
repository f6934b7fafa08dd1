// data_set.h - a small set of examples on disk, whose latents are known without a model.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "ip2p/image/formats/write_png.h"
#include "ip2p/image/tensor.h"
#include "ip2p/train/batches.h"

#include "support/temporary_folder.h"

namespace ip2p::test {

constexpr int side = 64;  ///< pixels of the squares
constexpr int pixels_per_latent = 8;

inline LatentGrid grid() {
  return {.channels = 3,
          .pixels_per_latent = pixels_per_latent,
          .size_multiple = 2 * pixels_per_latent,
          .encoder_hash = "pooling"};
}

/// Every latent is the mean of its pixels.
inline torch::Tensor pooled(const torch::Tensor& pixels) {
  return torch::avg_pool2d(pixels, pixels_per_latent);
}

/// Pixels of noise.
inline Image noise_image(std::uint32_t seed, int width = side, int height = side) {
  Image image{.width = width, .height = height, .rgb = {}, .alpha = {}, .exif = {}};
  std::mt19937 engine(seed);
  image.rgb.resize(static_cast<std::size_t>(width * height * 3));
  for (std::uint8_t& byte : image.rgb) byte = static_cast<std::uint8_t>(engine());
  return image;
}

/// Example i: in-I.png with noise of seed 2 i, out-I.png with 2 i + 1, "edit I" as its instruction.
class DataSet {
 public:
  explicit DataSet(std::size_t count) {
    config.output = (folder_ / "out");
    config.data = folder_ / "data";
    config.resolution = side;
    config.batch = 4;
    config.seed = 5;
    config.reader_threads = 1;
    for (std::size_t i = 0; i < count; ++i) {
      const auto seed = static_cast<std::uint32_t>(2 * i);
      const std::string number = std::to_string(i);
      examples.push_back({.input = folder_ / ("in-" + number + ".png"),
                          .edited = folder_ / ("out-" + number + ".png"),
                          .instructions = {"edit " + number}});
      put(examples.back().input, noise_image(seed));
      put(examples.back().edited, noise_image(seed + 1));
    }
  }

  static void put(const fs::path& path, const Image& image) {
    write_atomically(path, write_png(image, {}, ""), Existing::replace);
  }
  static void put_rubbish(const fs::path& path) {
    write_atomically(path, Bytes{'r', 'u', 'b'}, Existing::replace);
  }

  /// Pooling that counts the pictures it was given.
  [[nodiscard]] EncodePixels encode() const {
    return [count = encoded_](const torch::Tensor& pixels) {
      *count += pixels.size(0);
      return pooled(pixels);
    };
  }
  [[nodiscard]] std::int64_t encoded() const { return *encoded_; }

  [[nodiscard]] std::unique_ptr<Batches> batches(std::uint64_t first = 0, Share share = {}) const {
    return std::make_unique<Batches>(config, examples, grid(), encode(), share, first);
  }

  [[nodiscard]] fs::path folder() const { return folder_.path(); }

  TrainConfig config;
  std::vector<Example> examples;

 private:
  TemporaryFolder folder_;
  std::shared_ptr<std::atomic<std::int64_t>> encoded_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
};

/// The number in "edit 12".
inline std::uint32_t number_of(const std::string& instruction) {
  return static_cast<std::uint32_t>(std::stoul(instruction.substr(5)));
}

/// Whether two batches are the same, value by value.
inline bool same(const Batch& a, const Batch& b) {
  return torch::equal(a.image, b.image) && torch::equal(a.target, b.target) &&
         a.instructions == b.instructions;
}

}  // namespace ip2p::test
