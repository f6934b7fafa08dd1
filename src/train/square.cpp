// square.cpp - bytes in rows of three.
#include "square.h"

#include <algorithm>

#include "ip2p/base/error.h"
#include "ip2p/image/read.h"

namespace ip2p {
namespace {

constexpr std::size_t channels = 3;

std::size_t offset_of(const Image& image, int x, int y) {
  return (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
          static_cast<std::size_t>(x)) *
         channels;
}

Image blank(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}, .alpha = {}, .exif = {}};
  image.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
  return image;
}

}  // namespace

MaybeSquare read_square(const fs::path& path, int side) {
  try {
    Image image = read_image(path);
    image.alpha.clear();  // the model sees no alpha, and resampling it costs time
    image.exif.clear();
    const Size original{.width = image.width, .height = image.height};
    return {.square = Square{.image = fit_crop(image, side, side), .original = original},
            .failure = {}};
  } catch (const Error& error) {
    if (error.exit() != Exit::file) throw;
    return {.square = std::nullopt, .failure = error.what()};
  }
}

Image mirrored(const Image& image) {
  Image result = blank(image.width, image.height);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      std::copy_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(offset_of(image, x, y)), channels,
                  result.rgb.begin() +
                      static_cast<std::ptrdiff_t>(offset_of(result, image.width - 1 - x, y)));
  return result;
}

Image cropped(const Image& image, int left, int top, int side) {
  Image result = blank(side, side);
  for (int y = 0; y < side; ++y)
    std::copy_n(image.rgb.begin() + static_cast<std::ptrdiff_t>(offset_of(image, left, top + y)),
                static_cast<std::size_t>(side) * channels,
                result.rgb.begin() + static_cast<std::ptrdiff_t>(offset_of(result, 0, y)));
  return result;
}

}  // namespace ip2p
