// trained_scale.h - the step between two pairs of levels, shared by ddim and plms.
#pragma once

#include <cmath>

#include <torch/types.h>

namespace ip2p {

/// A latent at sigma `from` taken over to sigma `to` as the network sees it: x / sqrt(1 + sigma^2)
/// stays.
inline torch::Tensor at_level(const torch::Tensor& x, double from, double to) {
  return from == to ? x : x * (std::hypot(1.0, to) / std::hypot(1.0, from));
}

}  // namespace ip2p
