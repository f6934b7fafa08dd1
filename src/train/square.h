// square.h - a picture as a training run sees it: a square of one size, and parts of it.
#pragma once

#include <optional>
#include <string>

#include "ip2p/image/image.h"
#include "ip2p/image/resample.h"

namespace ip2p {

/// A picture cut to its middle square and resampled.
struct Square {
  Image image;    ///< without alpha and EXIF
  Size original;  ///< the size of the file's picture
};

/// A square, or the sentence that says why there is none.
struct MaybeSquare {
  std::optional<Square> square;
  std::string failure;
};

/// A picture that cannot be read is no error: training can do without it.
MaybeSquare read_square(const fs::path& path, int side);

Image mirrored(const Image& image);

/// The square of `side` pixels whose upper left corner is at (left, top).
Image cropped(const Image& image, int left, int top, int side);

}  // namespace ip2p
