// read.h - a picture file, or the bytes of one, as an upright 8-bit sRGB `Image`.
#pragma once

#include <cstdint>
#include <string>

#include "ip2p/base/files.h"
#include "ip2p/base/range.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// What a picture may cost. Checked against the file's header, before pixels have a place.
struct ReadLimits {
  double max_megapixels = 100;

  /// More pixels than a 32-bit signed count can number are refused whatever the limit says: OpenCV
  /// and the format libraries count rows, columns and pixels in such numbers.
  static constexpr Range megapixels_range{0.001, 2147.0};
};

/// The longest file that is read as a picture: room for raw 16-bit samples and much metadata.
std::uint64_t max_file_bytes(const ReadLimits& limits);

/// Reads JPEG, PNG, WebP, TIFF and BMP, recognised by content, not by name (a warning says when the
/// name promises another format). Orientation is applied; grey, palette, CMYK and 16-bit samples
/// become 8-bit RGB; an embedded colour profile is converted to sRGB; alpha is kept, not
/// premultiplied. Of an animation or of several pages the first is read, with a warning.
/// Error{file} when the file is missing, empty, cut short, damaged, too large, or not a picture:
/// never half a picture.
Image read_image(const fs::path& path, const ReadLimits& limits = {});

/// The same from memory. `name` stands for the picture in error sentences, for example "stdin".
Image decode_image(ByteSpan bytes, const std::string& name, const ReadLimits& limits = {});

}  // namespace ip2p
