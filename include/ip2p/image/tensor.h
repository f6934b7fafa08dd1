// tensor.h - pictures as the numbers a network takes, and back.
#pragma once

#include <torch/types.h>

#include "ip2p/image/image.h"

namespace ip2p {

/// RGB as (1,3,H,W) float32 in [-1,1].
torch::Tensor to_tensor(const Image& image);

/// (1,3,H,W) as 8-bit RGB: clamped to [-1,1] and rounded half to even, as diffusers does it. No
/// alpha, no EXIF.
Image to_image(const torch::Tensor& pixels);

}  // namespace ip2p
