// tiff_page.h - how the first page of a TIFF file is stored, and whether ip2p can read that.
#pragma once

#include <string>
#include <vector>

#include <tiffio.h>

#include "ip2p/base/files.h"
#include "ip2p/image/raw_picture.h"

namespace ip2p {

/// A tag of the open directory, or what the TIFF standard says when it is not there.
template <class Value>
Value tiff_field(TIFF* tiff, std::uint32_t tag) {
  Value value{};
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

/// The tags that say what the samples of a page are.
struct TiffPage {
  explicit TiffPage(TIFF* tiff);

  std::uint32_t width;
  std::uint32_t height;
  std::uint16_t bits;     ///< of a sample
  std::uint16_t samples;  ///< of a pixel, in the file
  std::uint16_t sample_format;
  std::uint16_t photometric;
  std::uint16_t compression;
  std::uint16_t ink_set;
  std::uint16_t orientation;
  bool planar;        ///< one sample after the other, instead of one pixel
  bool is_raw;        ///< a thumbnail or a sensor's mosaic, that would be taken for the picture
  bool is_last;       ///< of the pages
  std::size_t alpha;  ///< which sample is alpha; none when not below `samples`
  bool premultiplied;

  [[nodiscard]] bool has_palette() const { return photometric == PHOTOMETRIC_PALETTE; }
  [[nodiscard]] bool has_alpha() const { return alpha < samples; }
  /// YCbCr and Lab, which libtiff converts to RGB.
  [[nodiscard]] bool needs_conversion() const;
  /// What the samples mean, once `problem()` is empty.
  [[nodiscard]] Colors colors() const;
  /// Why the page cannot be read, as the end of a sentence; empty when it can.
  [[nodiscard]] std::string problem() const;
};

/// R G B of every index, 8 bits each; empty when the page says it has a palette and has none.
Bytes tiff_palette(TIFF* tiff, const TiffPage& page);

}  // namespace ip2p
