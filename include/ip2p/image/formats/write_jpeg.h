// write_jpeg.h - an `Image` as a JPEG file.
#pragma once

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// The longest EXIF block that a JPEG file can hold.
constexpr std::size_t max_jpeg_exif_bytes = 65533 - 6;

/// Colours only: JPEG has no alpha. `exif` may be empty.
Bytes write_jpeg(const Image& image, ByteSpan exif, int quality);

}  // namespace ip2p
