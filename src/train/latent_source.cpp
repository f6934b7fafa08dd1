// latent_source.cpp - what both sources have in common.
#include "latent_source.h"

#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

std::int64_t corner(const Place& place, Purpose purpose, std::int64_t free) {
  return static_cast<std::int64_t>(
      draw_below(place, purpose, static_cast<std::uint64_t>(free) + 1));
}

}  // namespace

std::int64_t View::left(std::int64_t free) const {
  return corner(place, Purpose::crop_x, free);
}
std::int64_t View::top(std::int64_t free) const {
  return corner(place, Purpose::crop_y, free);
}

std::string different_sizes(const Example& example, Size input, Size edited) {
  return text(example.input, " is ", input.width, "x", input.height, " and ", example.edited, " ",
              edited.width, "x", edited.height, ", expected a pair of one size");
}

void check_latents(const torch::Tensor& latents, std::int64_t count, std::int64_t pixels,
                   const LatentGrid& grid) {
  const std::int64_t side = pixels / grid.pixels_per_latent;
  const std::vector<std::int64_t> expected{count, grid.channels, side, side};
  if (latents.sizes() != at::IntArrayRef(expected))
    throw Error(Exit::bug, text("latents of pictures: expected shape ", at::IntArrayRef(expected),
                                ", got ", latents.sizes()));
}

}  // namespace ip2p
