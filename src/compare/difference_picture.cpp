// difference_picture.cpp - a scale that is logarithmic: 1 and 10 are as far apart as 10 and 100.
#include "ip2p/compare/difference_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "same_size.h"

namespace ip2p {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

std::uint8_t between(double from, double to, double share) {
  return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
}

/// Of a difference from 1 to 255.
std::array<Rgb, 256> scale() {
  constexpr std::array<std::array<double, 3>, 4> stops{
      {{255, 214, 0}, {255, 96, 0}, {208, 0, 32}, {24, 0, 24}}};
  std::array<Rgb, 256> colours{};
  for (std::size_t i = 1; i < colours.size(); ++i) {
    const double place = std::log(static_cast<double>(i)) / std::log(255.0) * (stops.size() - 1);
    const auto stop = std::min(static_cast<std::size_t>(place), stops.size() - 2);
    const double share = place - static_cast<double>(stop);
    for (std::size_t c = 0; c < 3; ++c)
      colours.at(i).at(c) = between(stops.at(stop).at(c), stops.at(stop + 1).at(c), share);
  }
  return colours;
}

}  // namespace

Image difference_picture(const Image& reference, const Image& picture) {
  check_same_size(reference, picture, {});
  const std::array<Rgb, 256> colours = scale();
  const bool has_alpha = !reference.alpha.empty() && !picture.alpha.empty();
  Image result{.width = reference.width,
               .height = reference.height,
               .rgb = Bytes(reference.rgb.size()),
               .alpha = {},
               .exif = {}};
  for (std::size_t i = 0; 3 * i < reference.rgb.size(); ++i) {
    const std::uint8_t* const one = &reference.rgb[3 * i];
    const std::uint8_t* const other = &picture.rgb[3 * i];
    int difference = has_alpha ? std::abs(reference.alpha[i] - picture.alpha[i]) : 0;
    for (int c = 0; c < 3; ++c) difference = std::max(difference, std::abs(one[c] - other[c]));
    constexpr int pale = 160;
    const auto grey =
        static_cast<std::uint8_t>(pale + (one[0] + 2 * one[1] + one[2]) * (255 - pale) / (4 * 255));
    const Rgb colour =
        difference == 0 ? Rgb{grey, grey, grey} : colours.at(static_cast<std::size_t>(difference));
    std::copy(colour.begin(), colour.end(),
              result.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  return result;
}

}  // namespace ip2p
