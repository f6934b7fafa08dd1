// image.h - the picture as the rest of ip2p sees it: upright, 8-bit sRGB, with what must survive.
#pragma once

#include <cstdint>

#include "ip2p/base/files.h"

namespace ip2p {

/// How large a picture is meant to be shown or printed.
struct Density {
  double x_dpi = 0;  ///< pixels an inch; 0 where the file does not say
  double y_dpi = 0;

  static constexpr double inch_m = 0.0254;

  [[nodiscard]] bool is_known() const { return x_dpi > 0 && y_dpi > 0; }
};

/// An upright sRGB picture. Plain data: no file format, colour profile or orientation is left in
/// it.
struct Image {
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
  Bytes rgb;       ///< height * width * 3, rows from the top, R G B, 0 to 255
  Bytes alpha;     ///< height * width, or empty when the picture has none
  Bytes exif;      ///< TIFF-structured EXIF block with orientation 1 ("II*\0..."), or empty
  Density density{};
};

}  // namespace ip2p
