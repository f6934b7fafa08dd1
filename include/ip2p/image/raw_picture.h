// raw_picture.h - a picture as its file stores it: before colour, depth and orientation are
// settled.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// What the colour samples of a pixel mean.
enum class Colors { grey, rgb, cmyk };

/// Samples of a grey (1), RGB (3) or CMYK (4) pixel, without alpha.
constexpr std::size_t color_channels(Colors colors) {
  return colors == Colors::grey ? 1 : colors == Colors::rgb ? 3 : 4;
}

/// What of a file is read.
enum class Wanted {
  picture,   ///< everything
  metadata,  ///< all but the samples: no memory is taken for them, and damage in them goes unseen
};

/// What a format reader returns. Palettes are expanded, samples of 1 to 7 bits are scaled to 8.
struct RawPicture {
  int width = 0;   ///< pixels
  int height = 0;  ///< pixels
  Colors colors = Colors::rgb;
  bool has_alpha = false;    ///< one more sample a pixel: alpha, not premultiplied
  int bits = 8;              ///< of a sample: 8, or 16 in the machine's byte order
  Bytes samples;             ///< height * width * channels; CMYK as ink, 255 is full
  Bytes icc;                 ///< embedded colour profile, or empty
  bool icc_damaged = false;  ///< there is a profile, and its container is broken
  Bytes exif;                ///< TIFF-structured EXIF block as found, or empty
  std::string record;        ///< ip2p's record, where it is not in the EXIF block (PNG)
  Density density;           ///< outside the EXIF block: JFIF, pHYs, BMP's header
  std::vector<std::string>
      not_kept;  ///< what else the file says that no output will: "XMP", "IPTC"

  [[nodiscard]] std::size_t channels() const {
    return color_channels(colors) + (has_alpha ? 1U : 0U);
  }
  [[nodiscard]] std::size_t pixels() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  }
  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * channels() * static_cast<std::size_t>(bits / 8);
  }
  /// Makes room for the samples of the picture that the other fields describe.
  void allocate() { samples.resize(row_bytes() * static_cast<std::size_t>(height)); }
};

}  // namespace ip2p
