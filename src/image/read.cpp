// read.cpp - the way of a picture in: bytes, format, samples, sRGB, upright.
#include "ip2p/image/read.h"

#include <algorithm>
#include <new>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/base/options.h"
#include "ip2p/image/color.h"
#include "ip2p/image/content.h"
#include "ip2p/image/exif.h"
#include "ip2p/image/formats/read.h"
#include "ip2p/image/orientation.h"
#include "ip2p/image/source.h"

namespace ip2p {
namespace {

Image decoded(const PictureSource& source, PictureFormat format) {
  const RawPicture raw = read_raw(source, format);
  CleanExif exif = clean_exif(raw.exif, source.name);
  Image image = upright(to_srgb(raw, source.name), exif.orientation);
  image.exif = std::move(exif.block);
  image.density = raw.density.is_known() ? raw.density : exif.density;
  constexpr int first_that_swaps_sides = 5;
  if (exif.orientation >= first_that_swaps_sides)
    std::swap(image.density.x_dpi, image.density.y_dpi);
  if (!raw.not_kept.empty())
    log::info(text("the ", Choices(raw.not_kept).joined(), " data of ", source.name,
                   " is not kept (EXIF is)"));
  return image;
}

}  // namespace

std::uint64_t max_file_bytes(const ReadLimits& limits) {
  constexpr double bytes_a_megapixel = 16e6;
  constexpr std::uint64_t metadata = std::uint64_t{64} << 20;
  // In this order also a limit that is no number at all is bounded.
  constexpr double most_megapixels = ReadLimits::megapixels_range.hi;
  const double megapixels =
      std::clamp(std::min(most_megapixels, limits.max_megapixels), 0.0, most_megapixels);
  return static_cast<std::uint64_t>(megapixels * bytes_a_megapixel) + metadata;
}

Image decode_image(ByteSpan bytes, const std::string& name, const ReadLimits& limits) {
  const PictureSource source{bytes, name, limits};
  try {
    return decoded(source, picture_format(source));
  } catch (const std::bad_alloc&) {
    throw_unreadable(name, "there is not enough memory for it");
  }
}

Image read_image(const fs::path& path, const ReadLimits& limits) {
  const Bytes bytes = read_file(path, max_file_bytes(limits));
  const PictureSource source{bytes, text(path), limits};
  warn_if_mislabelled(path, picture_format(source));
  return decode_image(bytes, source.name, limits);
}

}  // namespace ip2p
