// color.cpp - colour profiles through Little CMS, and the arithmetic for pictures without one.
#include "ip2p/image/color.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <lcms2.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {
namespace {

struct Release {
  void operator()(void* profile) const { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, Release>;

struct Delete {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, Delete>;

constexpr cmsUInt32Number intent = INTENT_RELATIVE_COLORIMETRIC;

/// Little CMS' word for a pixel's layout.
cmsUInt32Number layout(Colors colors, bool has_alpha, int bits) {
  const auto space = static_cast<cmsUInt32Number>(colors == Colors::grey  ? PT_GRAY
                                                  : colors == Colors::rgb ? PT_RGB
                                                                          : PT_CMYK);
  const auto channels = static_cast<cmsUInt32Number>(color_channels(colors));
  return COLORSPACE_SH(space) | EXTRA_SH(has_alpha ? 1U : 0U) | CHANNELS_SH(channels) |
         BYTES_SH(static_cast<cmsUInt32Number>(bits / 8));
}

/// The colours that a profile is for; false when ip2p has no use for it.
bool describes(const Profile& profile, Colors colors) {
  const cmsColorSpaceSignature space = cmsGetColorSpace(profile.get());
  return (colors == Colors::grey && space == cmsSigGrayData) ||
         (colors == Colors::rgb && space == cmsSigRgbData) ||
         (colors == Colors::cmyk && space == cmsSigCmykData);
}

Transform transform_to_srgb(const Profile& profile, cmsUInt32Number from, cmsUInt32Number to,
                            cmsUInt32Number flags = 0) {
  const Profile srgb(cmsCreate_sRGBProfile());
  return Transform(cmsCreateTransform(profile.get(), from, srgb.get(), to, intent,
                                      flags | cmsFLAGS_BLACKPOINTCOMPENSATION));
}

/// Colours all over the cube (or the grey axis), 16 bits a sample, and always as R G B.
std::vector<std::array<std::uint16_t, 3>> probes(Colors colors) {
  std::vector<std::array<std::uint16_t, 3>> out;
  for (std::uint32_t i = 0; i < 256; ++i) {
    const auto grey = static_cast<std::uint16_t>(i * 257);
    out.push_back({grey, grey, grey});
  }
  constexpr std::uint32_t steps = 16;
  const auto level = [](std::uint32_t i) { return static_cast<std::uint16_t>(i * 65535 / steps); };
  for (std::uint32_t r = 0; r <= steps && colors == Colors::rgb; ++r)
    for (std::uint32_t g = 0; g <= steps; ++g)
      for (std::uint32_t b = 0; b <= steps; ++b) out.push_back({level(r), level(g), level(b)});
  return out;
}

/// True when a profile moves no colour by a whole 8-bit level: it is sRGB under whatever name, and
/// converting would only add rounding. There are dozens of sRGB profiles, none with the same bytes.
bool is_srgb(const Profile& profile, Colors colors) {
  if (colors == Colors::cmyk) return false;
  const Transform transform =
      transform_to_srgb(profile, colors == Colors::grey ? TYPE_GRAY_16 : TYPE_RGB_16, TYPE_RGB_16,
                        cmsFLAGS_NOOPTIMIZE);
  if (!transform) return false;
  constexpr int level = 257;
  for (const auto& color : probes(colors)) {
    std::array<std::uint16_t, 3> out{};
    cmsDoTransform(transform.get(), color.data(), out.data(), 1);
    for (std::size_t c = 0; c < 3; ++c)
      if (std::abs(color.at(c) - out.at(c)) >= level) return false;
  }
  return true;
}

/// Sample `index` of a picture as 8 bits, rounded.
std::uint8_t sample(const RawPicture& picture, std::size_t index) {
  if (picture.bits == 8) return picture.samples[index];
  std::uint16_t wide = 0;
  std::memcpy(&wide, picture.samples.data() + index * 2, 2);
  return static_cast<std::uint8_t>((wide * 255U + 32767U) / 65535U);
}

std::array<std::uint8_t, 3> plain_rgb(const RawPicture& picture, std::size_t first) {
  switch (picture.colors) {
    case Colors::grey: {
      const std::uint8_t grey = sample(picture, first);
      return {grey, grey, grey};
    }
    case Colors::rgb:
      return {sample(picture, first), sample(picture, first + 1), sample(picture, first + 2)};
    case Colors::cmyk: {
      const unsigned int light = 255U - sample(picture, first + 3);
      const auto mixed = [&](std::size_t i) {
        return static_cast<std::uint8_t>(((255U - sample(picture, first + i)) * light + 127U) /
                                         255U);
      };
      return {mixed(0), mixed(1), mixed(2)};
    }
  }
  throw Error(Exit::bug, "a kind of colours without a formula");
}

Bytes plain(const RawPicture& picture) {
  Bytes rgb(picture.pixels() * 3);
  for (std::size_t i = 0; i < picture.pixels(); ++i) {
    const auto color = plain_rgb(picture, i * picture.channels());
    std::ranges::copy(color, rgb.begin() + static_cast<std::ptrdiff_t>(i * 3));
  }
  return rgb;
}

Bytes alpha_of(const RawPicture& picture) {
  if (!picture.has_alpha) return {};
  Bytes alpha(picture.pixels());
  for (std::size_t i = 0; i < alpha.size(); ++i)
    alpha[i] = sample(picture, (i + 1) * picture.channels() - 1);
  return alpha;
}

/// A grey picture as RGB with the same depth and alpha: for those that carry an RGB profile.
RawPicture grey_as_rgb(const RawPicture& grey) {
  RawPicture rgb;
  rgb.width = grey.width;
  rgb.height = grey.height;
  rgb.has_alpha = grey.has_alpha;
  rgb.bits = grey.bits;
  rgb.allocate();
  const auto size = static_cast<std::size_t>(grey.bits / 8);
  auto* out = rgb.samples.data();
  for (std::size_t i = 0; i < grey.pixels(); ++i)
    for (std::size_t c = 0; c < rgb.channels(); ++c, out += size) {
      const std::size_t from = i * grey.channels() + (c == 3 ? 1 : 0);
      std::copy_n(grey.samples.data() + from * size, size, out);
    }
  return rgb;
}

/// The picture through its profile; empty when the profile is of no use.
Bytes converted(const RawPicture& picture, const Profile& profile) {
  if (!describes(profile, picture.colors)) return {};
  if (is_srgb(profile, picture.colors)) return plain(picture);
  // For samples of 16 bits Little CMS would put a coarse table in the place of an exact matrix, and
  // miss saturated colours by several levels.
  const cmsUInt32Number flags =
      picture.bits == 16 && picture.colors != Colors::cmyk ? cmsFLAGS_NOOPTIMIZE : 0U;
  const Transform transform = transform_to_srgb(
      profile, layout(picture.colors, picture.has_alpha, picture.bits), TYPE_RGB_8, flags);
  if (!transform) return {};
  Bytes rgb(picture.pixels() * 3);
  cmsDoTransform(transform.get(), picture.samples.data(), rgb.data(),
                 static_cast<cmsUInt32Number>(picture.pixels()));
  return rgb;
}

Bytes through_profile(const RawPicture& picture) {
  const Profile profile(
      cmsOpenProfileFromMem(picture.icc.data(), static_cast<cmsUInt32Number>(picture.icc.size())));
  if (!profile) return {};
  if (picture.colors == Colors::grey && describes(profile, Colors::rgb))
    return converted(grey_as_rgb(picture), profile);
  return converted(picture, profile);
}

}  // namespace

Image to_srgb(const RawPicture& picture, const std::string& name) {
  Image image;
  image.width = picture.width;
  image.height = picture.height;
  if (!picture.icc.empty()) image.rgb = through_profile(picture);
  if (image.rgb.empty()) {
    if (!picture.icc.empty() || picture.icc_damaged)
      log::warn(text("the colour profile of ", name,
                     " is damaged or not for this kind of picture, and is ignored; its colours are "
                     "taken for ",
                     picture.colors == Colors::cmyk ? "plain CMYK" : "sRGB"));
    image.rgb = plain(picture);
  }
  image.alpha = alpha_of(picture);
  return image;
}

}  // namespace ip2p
