// noise.h - randomness as a value: one generator an item, so that an item's picture depends on its
// seed alone and not on what is edited beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <torch/types.h>

namespace ip2p {

using torch::Tensor;

/// Draws standard normal noise of the shape, dtype and device of its argument; each call goes on
/// where the last one stopped.
using NoiseSource = std::function<Tensor(const Tensor& like)>;

/// One generator a seed: item i of a (B,...) tensor gets the noise of seeds[i], B = seeds.size().
/// Numbers are drawn on the CPU in float32, which gives the bits of
/// torch.Generator("cpu").manual_seed(seed) on every device.
NoiseSource seeded_noise(std::span<const std::uint64_t> seeds);

}  // namespace ip2p
