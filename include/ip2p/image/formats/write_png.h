// write_png.h - an `Image` as a PNG file.
#pragma once

#include <string>

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// RGB or RGBA, tagged as sRGB. `exif` and `record` (UTF-8) may be empty.
Bytes write_png(const Image& image, ByteSpan exif, const std::string& record);

}  // namespace ip2p
