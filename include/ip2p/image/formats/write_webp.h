// write_webp.h - an `Image` as a WebP file.
#pragma once

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// With alpha if the picture has it. Lossy below quality 100, lossless at 100. `exif` may be empty.
Bytes write_webp(const Image& image, ByteSpan exif, int quality);

}  // namespace ip2p
