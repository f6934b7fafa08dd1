// pixel_difference.cpp - one pass over both pictures.
#include "ip2p/compare/pixel_difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numeric>

#include "same_size.h"

namespace ip2p {
namespace {

constexpr int colours = 3;
constexpr std::array channel_names{'R', 'G', 'B', 'A'};

}  // namespace

double PixelDifference::share_over(int value) const {
  if (pixels == 0 || value >= 255) return 0;
  const auto first = histogram.begin() + std::max(value + 1, 0);
  const auto over = std::accumulate(first, histogram.end(), std::uint64_t{0});
  return static_cast<double>(over) / static_cast<double>(pixels);
}

double PixelDifference::psnr_db() const {
  constexpr double peak = 255;
  if (mean_square == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(peak * peak / mean_square);
}

PixelDifference pixel_difference(const Image& one, const Image& other, const Counted& counted) {
  check_same_size(one, other, counted);
  const bool has_alpha = !one.alpha.empty() && !other.alpha.empty();
  const int channels = has_alpha ? colours + 1 : colours;
  PixelDifference found;
  std::uint64_t sum = 0;
  std::uint64_t squares = 0;
  const auto count = static_cast<std::size_t>(one.width) * static_cast<std::size_t>(one.height);
  for (std::size_t i = 0; i < count; ++i) {
    if (!counted.empty() && counted[i] == 0) continue;
    ++found.pixels;
    std::array<int, colours + 1> differences{};
    for (std::size_t c = 0; c < colours; ++c)
      differences[c] = std::abs(one.rgb[colours * i + c] - other.rgb[colours * i + c]);
    if (has_alpha) differences[colours] = std::abs(one.alpha[i] - other.alpha[i]);
    int largest = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c) {
      const int difference = differences.at(c);
      largest = std::max(largest, difference);
      sum += static_cast<std::uint64_t>(difference);
      if (c < colours) squares += static_cast<std::uint64_t>(difference * difference);
      if (difference <= found.worst.value) continue;
      found.worst = {.value = difference,
                     .x = static_cast<int>(i % static_cast<std::size_t>(one.width)),
                     .y = static_cast<int>(i / static_cast<std::size_t>(one.width)),
                     .channel = channel_names.at(c)};
    }
    ++found.histogram.at(static_cast<std::size_t>(largest));
  }
  if (found.pixels == 0) return found;
  const auto pixels = static_cast<double>(found.pixels);
  found.mean_abs = static_cast<double>(sum) / (pixels * channels);
  found.mean_square = static_cast<double>(squares) / (pixels * colours);
  return found;
}

}  // namespace ip2p
