// centre_square.h - the picture as CLIP models see it: on white, reduced, its middle square.
#pragma once

#include "ip2p/image/image.h"

namespace ip2p {

/// The picture without alpha, composited onto white as Pillow's Image.alpha_composite does it.
Image on_white(const Image& picture);

/// The picture on white, its shorter side resampled to `side` pixels, and of the longer one the
/// middle: to the bit what transformers' CLIPImageProcessor makes of it with Pillow, before it
/// normalises. Error{usage} for a picture so long that its longer side could not be numbered.
Image centre_square(const Image& picture, int side);

}  // namespace ip2p
