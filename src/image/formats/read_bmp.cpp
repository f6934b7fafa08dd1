// read_bmp.cpp - uncompressed BMP, read here: it is a header, a palette and rows. (stb_image, the
// usual small reader, mixes up OS/2 palettes and takes missing bytes for zeros.)
#include "ip2p/image/formats/read_bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

/// Little-endian numbers in a file; a read past the end is an error.
class Numbers {
 public:
  explicit Numbers(const PictureSource& source) : source_(source) {}

  [[nodiscard]] std::uint32_t u8(std::size_t at) const {
    if (at >= source_.bytes.size()) throw_unreadable(source_.name, "BMP: the file ends too early");
    return source_.bytes[at];
  }
  [[nodiscard]] std::uint32_t u16(std::size_t at) const { return u8(at) | u8(at + 1) << 8U; }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16U; }
  [[nodiscard]] std::int32_t i32(std::size_t at) const {
    return std::bit_cast<std::int32_t>(u32(at));
  }

 private:
  const PictureSource& source_;
};

constexpr std::uint32_t file_header_size = 14;
constexpr std::uint32_t os2_header = 12;
constexpr std::uint32_t v4_header = 108;
constexpr std::uint32_t v5_header = 124;
constexpr std::uint32_t bitfields = 3;

/// What the headers of a BMP file say.
struct Header {
  std::uint32_t pixels_at = 0;  ///< offset in the file
  std::uint32_t size = 0;       ///< of the second header; tells the kind of BMP
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;  ///< of a pixel
  std::uint32_t compression = 0;
  std::uint32_t colors = 0;              ///< in the palette
  std::array<std::uint32_t, 4> masks{};  ///< of red, green, blue and alpha; 16 and 32 bits a pixel

  [[nodiscard]] std::uint64_t row_bytes() const {
    return (static_cast<std::uint64_t>(width) * bits + 31) / 32 * 4;
  }
};

/// Where red, green, blue and alpha are in a pixel.
std::array<std::uint32_t, 4> masks_of(const Numbers& file, const Header& header) {
  constexpr std::size_t masks_at = 54;
  if (header.compression != bitfields) {
    if (header.bits == 16) return {0x7C00, 0x03E0, 0x001F, 0};
    return {0xFF0000, 0xFF00, 0xFF, 0};
  }
  const bool has_alpha_mask =
      header.size == 56 || header.size == v4_header || header.size == v5_header;
  return {file.u32(masks_at), file.u32(masks_at + 4), file.u32(masks_at + 8),
          has_alpha_mask ? file.u32(masks_at + 12) : 0};
}

Header header_of(const PictureSource& source) {
  const Numbers file(source);
  Header header{.pixels_at = file.u32(10), .size = file.u32(14)};
  if (header.size == os2_header) {
    header.width = file.u16(18);
    header.height = file.u16(20);
    header.bits = file.u16(24);
  } else {
    const std::int64_t height = file.i32(22);
    header.width = file.i32(18);
    header.height = std::abs(height);
    header.top_down = height < 0;
    header.bits = file.u16(28);
    header.compression = file.u32(30);
    header.colors = file.u32(46);
  }
  if (header.bits <= 8) {
    const std::uint32_t most = 1U << header.bits;
    if (header.colors == 0 || header.colors > most) header.colors = most;
  } else if (header.bits != 24) {
    header.masks = masks_of(file, header);
  }
  return header;
}

void check_kind(const PictureSource& source, const Header& header) {
  constexpr std::array header_sizes{os2_header, 40U, 52U, 56U, 64U, v4_header, v5_header};
  constexpr std::array depths{1U, 4U, 8U, 16U, 24U, 32U};
  if (std::ranges::find(header_sizes, header.size) == header_sizes.end())
    throw_unreadable(source.name,
                     text("BMP: a header of ", header.size, " bytes is of no known kind"));
  if (std::ranges::find(depths, header.bits) == depths.end())
    throw_unreadable(source.name,
                     text("BMP: ", header.bits, " bits a pixel; 1, 4, 8, 16, 24 and 32 are read"));
  const bool masked = header.compression == bitfields && (header.bits == 16 || header.bits == 32);
  if (header.compression != 0 && !masked)
    throw_unreadable(source.name, text("BMP: compression ", header.compression,
                                       " is not read; save it uncompressed, or as PNG"));
}

void check_complete(const PictureSource& source, const Header& header) {
  const std::uint64_t end =
      header.pixels_at + header.row_bytes() * static_cast<std::uint64_t>(header.height);
  if (end > source.bytes.size())
    throw_unreadable(source.name, text("BMP: the file ends too early; ", end,
                                       " bytes expected, got ", source.bytes.size()));
}

using Color = std::array<std::uint8_t, 4>;  // red, green, blue, alpha

std::uint8_t byte_of(std::uint32_t number) {
  return static_cast<std::uint8_t>(number & 0xFFU);
}

/// The bits of `pixel` under `mask`, as a share of the most they can say, 0 to 255.
std::uint8_t masked_sample(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift;
  const std::uint64_t value = (pixel & mask) >> shift;
  return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
}

/// The colour of pixel x in a row that begins at `row_at`.
class Pixels {
 public:
  Pixels(const PictureSource& source, const Header& header)
      : source_(source), file_(source), header_(header) {
    const std::uint32_t entry = header.size == os2_header ? 3 : 4;
    for (std::uint32_t i = 0; i < header.colors && header.bits <= 8; ++i)
      palette_.push_back(bgr(file_header_size + header.size + i * entry));
  }

  [[nodiscard]] Color at(std::size_t row_at, std::size_t x) const {
    switch (header_.bits) {
      case 16:
        return masked(file_.u16(row_at + x * 2));
      case 24:
        return bgr(row_at + x * 3);
      case 32:
        return masked(file_.u32(row_at + x * 4));
      default:
        return indexed(row_at, x);
    }
  }

 private:
  [[nodiscard]] Color bgr(std::size_t at) const {
    return {byte_of(file_.u8(at + 2)), byte_of(file_.u8(at + 1)), byte_of(file_.u8(at)), 255};
  }

  [[nodiscard]] Color masked(std::uint32_t pixel) const {
    Color color{};
    for (std::size_t c = 0; c < 4; ++c) color.at(c) = masked_sample(pixel, header_.masks.at(c));
    return color;
  }

  [[nodiscard]] Color indexed(std::size_t row_at, std::size_t x) const {
    const std::size_t per_byte = 8 / header_.bits;
    const std::size_t shift = 8 - header_.bits * (x % per_byte + 1);
    const std::uint32_t index =
        (file_.u8(row_at + x / per_byte) >> shift) & ((1U << header_.bits) - 1);
    if (index >= palette_.size())
      throw_unreadable(source_.name, text("BMP: a pixel has colour ", index, " of a palette of ",
                                          palette_.size(), "; the file is damaged"));
    return palette_[index];
  }

  const PictureSource& source_;
  Numbers file_;
  const Header& header_;
  std::vector<Color> palette_;
};

void read_samples(const PictureSource& source, const Header& header, RawPicture& picture) {
  const Pixels pixels(source, header);
  picture.allocate();
  const auto height = static_cast<std::size_t>(picture.height);
  auto out = picture.samples.begin();
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t stored_row = header.top_down ? y : height - 1 - y;
    const std::size_t row_at = header.pixels_at + stored_row * header.row_bytes();
    for (std::size_t x = 0; x < static_cast<std::size_t>(picture.width); ++x) {
      const Color color = pixels.at(row_at, x);
      out = std::copy_n(color.begin(), picture.channels(), out);
    }
  }
}

/// A profile in a version 5 header, else nothing.
void read_profile(const PictureSource& source, const Header& header, RawPicture& picture) {
  constexpr std::uint32_t embedded = 0x4D424544;  // 'MBED'
  const Numbers file(source);
  if (header.size < v5_header || file.u32(14 + 56) != embedded) return;
  const std::uint64_t at = 14 + std::uint64_t{file.u32(14 + 112)};
  const std::uint64_t size = file.u32(14 + 116);
  picture.icc_damaged = at + size > source.bytes.size();
  if (picture.icc_damaged) return;
  const ByteSpan profile = source.bytes.subspan(at, size);
  picture.icc.assign(profile.begin(), profile.end());
}

}  // namespace

RawPicture read_bmp(const PictureSource& source, Wanted wanted) {
  const Header header = header_of(source);
  check_kind(source, header);
  check_size(source, header.width, header.height);
  check_complete(source, header);

  RawPicture picture;
  picture.width = static_cast<int>(header.width);
  picture.height = static_cast<int>(header.height);
  picture.has_alpha = header.masks[3] != 0;
  constexpr std::uint32_t header_with_density = 40;
  if (header.size >= header_with_density) {
    const Numbers file(source);
    picture.density = {file.u32(38) * Density::inch_m, file.u32(42) * Density::inch_m};
  }
  if (wanted == Wanted::picture) read_samples(source, header, picture);
  read_profile(source, header, picture);
  return picture;
}

}  // namespace ip2p
