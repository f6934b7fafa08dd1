// pixel_difference.h - how far two pictures of one size are apart, pixel by pixel.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "ip2p/image/image.h"

namespace ip2p {

/// Which pixels of a picture count: a byte a pixel, rows from the top, 0 for one that does not;
/// empty when all do.
using Counted = Bytes;

/// Where two pictures differ most.
struct WorstPixel {
  int value = 0;       ///< levels of 255
  int x = 0;           ///< from the left
  int y = 0;           ///< from the top
  char channel = 'R';  ///< R, G, B or A
};

/// Differences of the pixels that count, in levels of 255: of R, G and B, and of alpha where both
/// pictures have it.
struct PixelDifference {
  WorstPixel worst;                            ///< the first of equals, row by row
  double mean_abs = 0;                         ///< over pixels and channels
  double mean_square = 0;                      ///< of R, G and B alone
  std::uint64_t pixels = 0;                    ///< that count
  std::array<std::uint64_t, 256> histogram{};  ///< of each pixel's largest difference

  /// The share of the pixels that count, 0 to 1, whose largest difference is above `value`.
  [[nodiscard]] double share_over(int value) const;

  /// Peak signal-to-noise ratio of R, G and B: 10 log10(255^2 / mean square), in dB; infinite for
  /// pictures that are equal.
  [[nodiscard]] double psnr_db() const;
};

/// Both pictures have the same size; `counted` is empty or has a byte a pixel. Error{bug} else.
PixelDifference pixel_difference(const Image& one, const Image& other, const Counted& counted = {});

}  // namespace ip2p
