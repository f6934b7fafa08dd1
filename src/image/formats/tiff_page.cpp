// tiff_page.cpp - the tags that decide how a page is read.
#include "tiff_page.h"

#include <algorithm>
#include <array>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

bool is_raw_data(TIFF* tiff) {
  std::uint8_t* version = nullptr;
  const bool is_dng = TIFFGetField(tiff, TIFFTAG_DNGVERSION, &version) == 1;
  const auto kind = tiff_field<std::uint32_t>(tiff, TIFFTAG_SUBFILETYPE);
  return is_dng || (kind & FILETYPE_REDUCEDIMAGE) != 0;
}

/// Finds the first sample that is said to be alpha.
void find_alpha(TIFF* tiff, TiffPage& page) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  for (std::uint16_t i = 0; i < count && i < page.samples; ++i)
    if (kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA) {
      page.alpha = std::size_t{page.samples} - count + i;
      page.premultiplied = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
      return;
    }
}

}  // namespace

TiffPage::TiffPage(TIFF* tiff)
    : width(tiff_field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH)),
      height(tiff_field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH)),
      bits(tiff_field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE)),
      samples(tiff_field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL)),
      sample_format(tiff_field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT)),
      photometric(tiff_field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC)),
      compression(tiff_field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION)),
      ink_set(tiff_field<std::uint16_t>(tiff, TIFFTAG_INKSET)),
      orientation(tiff_field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION)),
      planar(tiff_field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE),
      is_raw(is_raw_data(tiff)),
      is_last(TIFFLastDirectory(tiff) != 0),
      alpha(samples),
      premultiplied(false) {
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  find_alpha(tiff, *this);
  if (has_palette() || alpha < color_channels(colors())) alpha = samples;
}

bool TiffPage::needs_conversion() const {
  constexpr std::array converted{PHOTOMETRIC_YCBCR, PHOTOMETRIC_CIELAB, PHOTOMETRIC_ICCLAB};
  return std::ranges::find(converted, photometric) != converted.end();
}

Colors TiffPage::colors() const {
  if (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK)
    return Colors::grey;
  return photometric == PHOTOMETRIC_SEPARATED ? Colors::cmyk : Colors::rgb;
}

std::string TiffPage::problem() const {
  constexpr std::array kinds{PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_RGB,
                             PHOTOMETRIC_PALETTE, PHOTOMETRIC_SEPARATED};
  constexpr std::array depths{1, 2, 4, 8, 16};
  if (is_raw)
    return "its first page is no picture but a thumbnail or camera raw data; develop it first";
  if (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)
    return "its samples are signed or floating-point numbers; save it with 8 or 16 bits";
  if (needs_conversion()) return {};
  if (std::ranges::find(kinds, photometric) == kinds.end())
    return text("colours of kind ", photometric, " are not read; save it as grey, RGB or CMYK");
  if (std::ranges::find(depths, bits) == depths.end())
    return text("samples of ", bits, " bits; 1, 2, 4, 8 and 16 are read");
  if (has_palette() && bits > 8) return "a palette of more than 256 colours is not read";
  if (photometric == PHOTOMETRIC_SEPARATED && ink_set != INKSET_CMYK)
    return "its inks are not cyan, magenta, yellow and black";
  if (samples < (has_palette() ? 1 : color_channels(colors())))
    return text(samples, " samples a pixel are too few");
  return {};
}

Bytes tiff_palette(TIFF* tiff, const TiffPage& page) {
  std::array<std::uint16_t*, 3> maps{};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) != 1) return {};
  Bytes palette;
  for (std::size_t i = 0; i < (std::size_t{1} << page.bits); ++i)
    for (const std::uint16_t* const map : maps)
      palette.push_back(static_cast<std::uint8_t>(map[i] >> 8U));
  return palette;
}

}  // namespace ip2p
