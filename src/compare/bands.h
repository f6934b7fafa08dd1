// bands.h - a picture's rows in parts: large pictures take every core and little memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <thread>
#include <vector>

#include "ip2p/image/image.h"

namespace ip2p {

/// Rows of a picture, and those around them that a filter looks at.
struct Band {
  int first = 0;  ///< row
  int end = 0;    ///< row behind the last
  int from = 0;   ///< of those to be read
  int to = 0;     ///< behind the last of those
};

/// Colours of the rows that a band reads.
inline Image rows_of(const Image& image, const Band& band) {
  const auto at = [&image](int row) {
    return image.rgb.begin() + std::ptrdiff_t{3} * row * image.width;
  };
  return {.width = image.width,
          .height = band.to - band.from,
          .rgb = Bytes(at(band.from), at(band.to)),
          .alpha = {},
          .exif = {}};
}

/// Parts of a picture whose filters reach `halo` rows up and down.
inline std::vector<Band> bands_of(int width, int height, int halo) {
  // Large enough that rows read twice cost little; a picture of 512x512 is one.
  constexpr int pixels = 1 << 19;
  const int rows = std::max(pixels / std::max(width, 1), 4 * halo);
  std::vector<Band> bands;
  for (int first = 0; first < height; first += rows) {
    const int end = std::min(first + rows, height);
    bands.push_back({.first = first,
                     .end = end,
                     .from = std::max(first - halo, 0),
                     .to = std::min(end + halo, height)});
  }
  return bands;
}

/// Calls `work(band)` for each, in as many threads as there are cores; what one throws is thrown.
template <class Work>
void for_each_band(const std::vector<Band>& bands, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto take_all = [&] {
    for (std::size_t i = next++; i < bands.size(); i = next++) work(bands[i]);
  };
  const std::size_t threads =
      std::min<std::size_t>(std::max(1U, std::thread::hardware_concurrency()), bands.size());
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < threads; ++i)
    others.push_back(std::async(std::launch::async, take_all));
  take_all();
  for (std::future<void>& other : others) other.get();
}

}  // namespace ip2p
