// latent_source.h - where the latents of a batch come from: a file of them, or pictures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/image/resample.h"
#include "ip2p/train/batches.h"

#include "damage.h"

namespace ip2p {

/// What is shown of an item's two pictures: the mirror comes first, then the crop.
struct View {
  Place place;
  bool mirrored = false;
  std::int64_t side = 0;  ///< pixels

  /// The corner of the crop when there are `free` + 1 places on each axis.
  [[nodiscard]] std::int64_t left(std::int64_t free) const;
  [[nodiscard]] std::int64_t top(std::int64_t free) const;
};

/// Used by several threads at once.
class LatentSource {
 public:
  /// The input and the edited picture of one item, as the source has them.
  using Loaded = std::array<torch::Tensor, 2>;

  virtual ~LatentSource() = default;

  /// nullopt when the example is damaged, which it is counted as. Both pictures alike.
  virtual std::optional<Loaded> load(std::size_t example, const View& view) = 0;

  /// What was loaded for B items as latents, (B,C,h,w) float32.
  virtual torch::Tensor latents(const std::vector<torch::Tensor>& loaded) = 0;
};

/// Makes the file, or with `by_this_process` false waits for it, when it is not there. Counts all
/// damaged examples at once.
std::unique_ptr<LatentSource> make_cached_latents(const TrainConfig& config,
                                                  const std::vector<Example>& examples,
                                                  const LatentGrid& grid,
                                                  const EncodePixels& encode, bool by_this_process,
                                                  Damage& damage, const ReadingWatch& watch);

/// Reads and encodes pictures each time they are asked for. Keeps references to `examples` and
/// `damage`.
std::unique_ptr<LatentSource> make_fresh_latents(const TrainConfig& config,
                                                 const std::vector<Example>& examples,
                                                 const LatentGrid& grid, EncodePixels encode,
                                                 Damage& damage);

/// The sentence about a pair of two sizes.
std::string different_sizes(const Example& example, Size input, Size edited);

/// Error{bug} unless `latents` are (count, C, pixels / f, pixels / f).
void check_latents(const torch::Tensor& latents, std::int64_t count, std::int64_t pixels,
                   const LatentGrid& grid);

}  // namespace ip2p
