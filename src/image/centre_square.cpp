// centre_square.cpp - whole numbers throughout, each rounded where Pillow and transformers do it.
#include "ip2p/image/centre_square.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "ip2p/base/error.h"
#include "ip2p/image/resample.h"

namespace ip2p {
namespace {

constexpr std::uint32_t white = 255;

/// A channel of which `alpha` covers white, in Pillow's 7 more bits.
std::uint8_t over_white(std::uint32_t value, std::uint32_t alpha) {
  constexpr std::uint32_t more_bits = 7;
  const std::uint32_t weight = alpha << more_bits;
  const std::uint32_t sum = value * weight + white * ((white << more_bits) - weight);
  const std::uint32_t rounded = sum + (0x80U << more_bits);
  return static_cast<std::uint8_t>((((rounded >> 8U) + rounded) >> 8U) >> more_bits);
}

/// What a side of `length` becomes when the shorter one becomes `side`.
int reduced(int length, int shorter, int side) {
  const std::int64_t result = std::int64_t{side} * length / shorter;
  if (result > std::numeric_limits<int>::max())
    throw Error(Exit::usage, text("a picture with a side of ", length, " pixels and one of ",
                                  shorter, " is too long to be looked at as a square of ", side));
  return static_cast<int>(result);
}

}  // namespace

Image on_white(const Image& picture) {
  Image result{.width = picture.width,
               .height = picture.height,
               .rgb = picture.rgb,
               .alpha = {},
               .exif = {}};
  for (std::size_t i = 0; i < picture.alpha.size(); ++i)
    for (std::size_t c = 3 * i; c < 3 * i + 3; ++c)
      result.rgb[c] = over_white(result.rgb[c], picture.alpha[i]);
  return result;
}

Image centre_square(const Image& picture, int side) {
  const int shorter = std::min(picture.width, picture.height);
  const Size size{reduced(picture.width, shorter, side), reduced(picture.height, shorter, side)};
  return resize_bicubic(on_white(picture), size,
                        {.left = (size.width - side) / 2,
                         .top = (size.height - side) / 2,
                         .width = side,
                         .height = side});
}

}  // namespace ip2p
