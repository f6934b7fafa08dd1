// read_tiff.cpp - the first page of a TIFF file: strips or tiles, whole pixels or planes.
#include "ip2p/image/formats/read_tiff.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/image/ifd.h"

#include "tiff_memory.h"
#include "tiff_page.h"

namespace ip2p {
namespace {

/// Samples of a decoded strip or tile.
struct Block {
  const std::uint8_t* data;
  std::size_t row_bytes;
  std::uint16_t bits;

  [[nodiscard]] std::uint32_t at(std::size_t row, std::size_t index) const {
    const std::uint8_t* const line = data + row * row_bytes;
    if (bits == 8) return line[index];
    if (bits == 16) {
      std::uint16_t value = 0;
      std::memcpy(&value, line + index * 2, 2);
      return value;
    }
    const std::size_t bit = index * bits;
    return (line[bit / 8] >> (8 - bits - bit % 8)) & ((1U << bits) - 1);
  }
};

/// A rectangle of the page that is stored in one piece; all samples of a pixel, or one plane.
struct Piece {
  std::uint32_t x, y, width, height;
  std::uint16_t plane;
};

constexpr std::size_t no_channel = 99;

class TiffReader {
 public:
  explicit TiffReader(const PictureSource& source)
      : source_(source),
        // Room for the longest block of a page as large as allowed, and for the longest tag.
        memory_(source.bytes, max_file_bytes(source.limits)),
        tiff_(opened()),
        page_(tiff_) {}

  RawPicture read(Wanted wanted) {
    if (const std::string problem = page_.problem(); !problem.empty()) fail(problem);
    check_size(source_, page_.width, page_.height);
    picture_.width = static_cast<int>(page_.width);
    picture_.height = static_cast<int>(page_.height);
    if (wanted == Wanted::picture) read_pixels();
    // An error that libtiff worked around, or a warning of lost pixels.
    if (!memory_.message().empty()) fail(memory_.message());
    read_profile();
    read_tags();
    if (!page_.is_last) log::warn(text(source_.name, " has several pages; the first one is read"));
    return std::move(picture_);
  }

 private:
  TIFF* opened() const {
    if (memory_.get() != nullptr) return memory_.get();
    // libtiff says something else about a size of zero.
    const IfdTree tree = ifds_of(source_.bytes);
    const auto width = number(tree, TIFFTAG_IMAGEWIDTH);
    const auto height = number(tree, TIFFTAG_IMAGELENGTH);
    if (width && height) check_size(source_, *width, *height);
    fail(text(memory_.message(), "; is it damaged, or cut short?"));
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw_unreadable(source_.name, text("TIFF: ", why.empty() ? "the file is damaged" : why));
  }

  void read_pixels() {
    if (page_.needs_conversion())
      read_converted();
    else
      read_samples();
  }

  void read_converted() {
    std::vector<std::uint32_t> raster(picture_.pixels());
    // Asked for in the order in which it is stored, libtiff does not turn it.
    if (TIFFReadRGBAImageOriented(tiff_, page_.width, page_.height, raster.data(),
                                  page_.orientation, 1) == 0)
      fail(memory_.message());
    picture_.allocate();
    for (std::size_t i = 0; i < raster.size(); ++i)
      for (std::size_t c = 0; c < 3; ++c)
        picture_.samples[i * 3 + c] = static_cast<std::uint8_t>(raster[i] >> (8 * c));
  }

  void read_samples() {
    choose_channels();
    picture_.allocate();
    if (TIFFIsTiled(tiff_) != 0)
      read_tiles();
    else
      read_strips();
    if (page_.photometric == PHOTOMETRIC_MINISWHITE) invert();
    if (page_.premultiplied && page_.has_alpha()) unpremultiply();
  }

  /// Which sample of the file becomes which sample of the picture.
  void choose_channels() {
    picture_.colors = page_.colors();
    picture_.bits = page_.bits == 16 ? 16 : 8;
    picture_.has_alpha = page_.has_alpha();
    const std::size_t colors = page_.has_palette() ? 1 : color_channels(picture_.colors);
    channel_of_.assign(page_.samples, no_channel);
    for (std::size_t i = 0; i < colors; ++i) channel_of_[i] = i;
    if (page_.has_alpha()) channel_of_[page_.alpha] = colors;
    if (page_.has_palette()) palette_ = tiff_palette(tiff_, page_);
    if (page_.has_palette() && palette_.empty()) fail("its palette is missing");
  }

  void read_strips() {
    const std::uint32_t strip_rows = std::min(
        page_.height, std::max(1U, tiff_field<std::uint32_t>(tiff_, TIFFTAG_ROWSPERSTRIP)));
    Bytes buffer(checked(TIFFStripSize(tiff_)));
    const std::uint16_t planes = page_.planar ? page_.samples : 1;
    for (std::uint16_t plane = 0; plane < planes; ++plane)
      for (std::uint32_t y = 0; y < page_.height; y += strip_rows) {
        const Piece piece{0, y, page_.width, std::min(strip_rows, page_.height - y), plane};
        const tmsize_t size = TIFFVStripSize(tiff_, piece.height);
        const tmsize_t got =
            TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, plane), buffer.data(), size);
        if (got < size) fail(memory_.message());
        take(piece, {buffer.data(), checked(TIFFScanlineSize(tiff_)), page_.bits});
      }
  }

  void read_tiles() {
    const auto across = tiff_field<std::uint32_t>(tiff_, TIFFTAG_TILEWIDTH);
    const auto down = tiff_field<std::uint32_t>(tiff_, TIFFTAG_TILELENGTH);
    if (across == 0 || down == 0) fail("its tiles have no pixels");
    Bytes buffer(checked(TIFFTileSize(tiff_)));
    const std::uint16_t planes = page_.planar ? page_.samples : 1;
    for (std::uint16_t plane = 0; plane < planes; ++plane)
      for (std::uint64_t y = 0; y < page_.height; y += down)
        for (std::uint64_t x = 0; x < page_.width; x += across) {
          const auto left = static_cast<std::uint32_t>(x);
          const auto top = static_cast<std::uint32_t>(y);
          const tmsize_t got =
              TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, left, top, 0, plane), buffer.data(),
                                  static_cast<tmsize_t>(buffer.size()));
          if (got < static_cast<tmsize_t>(buffer.size())) fail(memory_.message());
          take({left, top, std::min(across, page_.width - left), std::min(down, page_.height - top),
                plane},
               {buffer.data(), checked(TIFFTileRowSize(tiff_)), page_.bits});
        }
  }

  /// A size that libtiff computed from the header: positive, and not far beyond the picture itself.
  [[nodiscard]] std::size_t checked(tmsize_t size) const {
    const std::size_t most = picture_.pixels() * page_.samples * 2 + (std::size_t{16} << 20);
    if (size <= 0 || static_cast<std::size_t>(size) > most)
      fail("the sizes of its strips or tiles do not fit the picture");
    return static_cast<std::size_t>(size);
  }

  void take(const Piece& piece, const Block& block) {
    const std::size_t samples = page_.planar ? 1 : page_.samples;
    for (std::size_t row = 0; row < piece.height; ++row)
      for (std::size_t x = 0; x < piece.width; ++x)
        for (std::size_t i = 0; i < samples; ++i) {
          const std::size_t channel = channel_of_[page_.planar ? piece.plane : i];
          if (channel != no_channel)
            put((piece.y + row) * page_.width + piece.x + x, channel,
                block.at(row, x * samples + i));
        }
  }

  void put(std::size_t pixel, std::size_t channel, std::uint32_t value) {
    const std::size_t at = pixel * picture_.channels() + channel;
    if (!palette_.empty()) {
      std::copy_n(palette_.data() + value * 3, 3, picture_.samples.data() + at);
    } else if (page_.bits == 16) {
      const auto wide = static_cast<std::uint16_t>(value);
      std::memcpy(picture_.samples.data() + at * 2, &wide, 2);
    } else {
      picture_.samples[at] = static_cast<std::uint8_t>(value * 255 / ((1U << page_.bits) - 1));
    }
  }

  /// Calls `change(pixel)` with the samples of every pixel, as numbers of the picture's depth.
  template <class Sample, class Change>
  void change_pixels(Change change) {
    std::vector<Sample> pixel(picture_.channels());
    const std::size_t size = pixel.size() * sizeof(Sample);
    for (std::size_t i = 0; i < picture_.pixels(); ++i) {
      std::memcpy(pixel.data(), picture_.samples.data() + i * size, size);
      change(pixel);
      std::memcpy(picture_.samples.data() + i * size, pixel.data(), size);
    }
  }

  void invert() {
    const auto flip = [](auto& pixel) {
      using Sample = std::decay_t<decltype(pixel[0])>;
      pixel[0] = static_cast<Sample>(~pixel[0]);
    };
    picture_.bits == 16 ? change_pixels<std::uint16_t>(flip) : change_pixels<std::uint8_t>(flip);
  }

  void unpremultiply() {
    const auto divide = [](auto& pixel) {
      using Sample = std::decay_t<decltype(pixel[0])>;
      const std::uint32_t most = static_cast<Sample>(~Sample{0});
      const std::uint32_t alpha = pixel.back();
      for (std::size_t i = 0; i + 1 < pixel.size() && alpha != 0; ++i)
        pixel[i] = static_cast<Sample>(std::min(most, (pixel[i] * most + alpha / 2) / alpha));
    };
    picture_.bits == 16 ? change_pixels<std::uint16_t>(divide)
                        : change_pixels<std::uint8_t>(divide);
  }

  void read_profile() {
    std::uint32_t size = 0;
    void* data = nullptr;
    const bool is_lab = picture_.colors == Colors::rgb && page_.photometric >= PHOTOMETRIC_CIELAB;
    if (is_lab || TIFFGetField(tiff_, TIFFTAG_ICCPROFILE, &size, &data) != 1) return;
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    picture_.icc.assign(bytes, bytes + size);
  }

  /// A TIFF file has no EXIF block: it is one. What describes the picture is made into a block.
  void read_tags() {
    IfdTree tree = ifds_of(source_.bytes);
    if (tree.main_damaged) fail("a tag points to bytes that are not in the file; is it cut short?");
    if (tree.damaged)
      log::warn(
          text("the EXIF data of ", source_.name, " is damaged; what can be read of it is kept"));
    const auto has = [&](std::uint16_t tag) {
      return std::ranges::find(tree.main, tag, &IfdEntry::tag) != tree.main.end();
    };
    if (has(TIFFTAG_XMLPACKET)) picture_.not_kept.emplace_back("XMP");
    if (has(TIFFTAG_RICHTIFFIPTC) || has(TIFFTAG_PHOTOSHOP)) picture_.not_kept.emplace_back("IPTC");
    tree.main = descriptive(tree.main);
    const bool is_big = tree.main_at == 0;  // BigTIFF: of its tags only this one is carried over
    if (is_big && page_.orientation != ORIENTATION_TOPLEFT)
      tree.main.push_back({0x0112, 3, 1, {static_cast<std::uint8_t>(page_.orientation), 0}});
    if (!tree.main.empty() || !tree.exif.empty() || !tree.gps.empty())
      picture_.exif = exif_block(tree);
  }

  const PictureSource& source_;
  TiffMemory memory_;
  TIFF* tiff_;
  TiffPage page_;
  RawPicture picture_;
  std::vector<std::size_t> channel_of_;  ///< by sample of the file
  Bytes palette_;                        ///< R G B by index; empty when there is none
};

}  // namespace

RawPicture read_tiff(const PictureSource& source, Wanted wanted) {
  return TiffReader(source).read(wanted);
}

}  // namespace ip2p
