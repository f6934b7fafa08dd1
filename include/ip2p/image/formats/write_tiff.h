// write_tiff.h - an `Image` as a TIFF file.
#pragma once

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// 8-bit RGB or RGBA, deflated. The tags of the `exif` block (may be empty) become tags of the
/// file.
Bytes write_tiff(const Image& image, ByteSpan exif);

}  // namespace ip2p
