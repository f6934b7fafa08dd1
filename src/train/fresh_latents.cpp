// fresh_latents.cpp - pictures read, cut and encoded for every batch.
#include <algorithm>
#include <mutex>
#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/image/tensor.h"

#include "latent_source.h"
#include "square.h"

namespace ip2p {
namespace {

using torch::Tensor;

class FreshLatents : public LatentSource {
 public:
  FreshLatents(const TrainConfig& config, const std::vector<Example>& examples,
               const LatentGrid& grid, EncodePixels encode, Damage& damage)
      : resolution_(config.resolution),
        examples_(examples),
        grid_(grid),
        encode_(std::move(encode)),
        damage_(damage) {}

  /// Pixels, (3,H,W).
  std::optional<Loaded> load(std::size_t number, const View& view) override {
    const Example& example = examples_[number];
    const MaybeSquare input = read_square(example.input, static_cast<int>(resolution_));
    const MaybeSquare edited = read_square(example.edited, static_cast<int>(resolution_));
    if (!input.square || !edited.square)
      damage_.add(number, input.square ? edited.failure : input.failure);
    else if (input.square->original != edited.square->original)
      damage_.add(number,
                  different_sizes(example, input.square->original, edited.square->original));
    else
      return Loaded{shown(input.square->image, view), shown(edited.square->image, view)};
    return std::nullopt;
  }

  Tensor latents(const std::vector<Tensor>& loaded) override {
    constexpr std::size_t encoded_at_once = 8;
    const std::int64_t pixels = loaded.front().size(1);
    const std::int64_t side = pixels / grid_.pixels_per_latent;
    const auto count = static_cast<std::int64_t>(loaded.size());
    const Tensor all = torch::empty({count, grid_.channels, side, side});
    for (std::size_t first = 0; first < loaded.size(); first += encoded_at_once) {
      const std::size_t size = std::min(encoded_at_once, loaded.size() - first);
      const Tensor part = torch::stack(at::ArrayRef<Tensor>(loaded).slice(first, size));
      const auto part_size = static_cast<std::int64_t>(size);
      const std::scoped_lock one_at_a_time(encoding_);
      const Tensor encoded = encode_(part);
      check_latents(encoded, part_size, pixels, grid_);
      all.narrow(0, static_cast<std::int64_t>(first), part_size).copy_(encoded);
    }
    return all;
  }

 private:
  [[nodiscard]] Tensor shown(const Image& square, const View& view) const {
    const auto side = static_cast<int>(view.side);
    const std::int64_t free = resolution_ - view.side;
    const Image way = view.mirrored ? mirrored(square) : square;
    return to_tensor(cropped(way, static_cast<int>(view.left(free)),
                             static_cast<int>(view.top(free)), side))
        .squeeze(0);
  }

  std::int64_t resolution_;
  const std::vector<Example>& examples_;
  LatentGrid grid_;
  EncodePixels encode_;
  Damage& damage_;
  std::mutex encoding_;
};

}  // namespace

std::unique_ptr<LatentSource> make_fresh_latents(const TrainConfig& config,
                                                 const std::vector<Example>& examples,
                                                 const LatentGrid& grid, EncodePixels encode,
                                                 Damage& damage) {
  return std::make_unique<FreshLatents>(config, examples, grid, std::move(encode), damage);
}

}  // namespace ip2p
