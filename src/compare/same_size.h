// same_size.h - what every metric asks of its pictures.
#pragma once

#include "ip2p/base/error.h"
#include "ip2p/compare/pixel_difference.h"

namespace ip2p {

/// Error{bug} for pictures of different sizes or a mask that does not fit: who compares looks
/// first, and has a sentence for it.
inline void check_same_size(const Image& one, const Image& other, const Counted& counted) {
  const auto pixels = static_cast<std::size_t>(one.width) * static_cast<std::size_t>(one.height);
  if (one.width != other.width || one.height != other.height ||
      (!counted.empty() && counted.size() != pixels))
    throw Error(Exit::bug, text("pictures of ", one.width, "x", one.height, " and ", other.width,
                                "x", other.height, " with a mask of ", counted.size(),
                                " pixels were to be compared"));
}

/// The mean of a map over the pixels that count; 0 when none does.
template <class Map>
double mean_over(const Map& map, const Counted& counted, std::size_t pixels) {
  double sum = 0;
  std::size_t used = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    if (!counted.empty() && counted[i] == 0) continue;
    sum += map[i];
    ++used;
  }
  return used == 0 ? 0 : sum / static_cast<double>(used);
}

}  // namespace ip2p
