// image.h - the picture as the rest of ip2p sees it: upright, 8-bit sRGB, with what must survive.
#pragma once

#include <cstdint>

#include "ip2p/base/files.h"

namespace ip2p {

/// An upright sRGB picture. Plain data: no file format, colour profile or orientation is left in
/// it.
struct Image {
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
  Bytes rgb;       ///< height * width * 3, rows from the top, R G B, 0 to 255
  Bytes alpha;     ///< height * width, or empty when the picture has none
  Bytes exif;      ///< TIFF-structured EXIF block with orientation 1 ("II*\0..."), or empty
};

}  // namespace ip2p
