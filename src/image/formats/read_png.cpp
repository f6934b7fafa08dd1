// read_png.cpp - libpng, as strict as it is and silent.
#include "ip2p/image/formats/read_png.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include <png.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "jump_guard.h"

namespace ip2p {
namespace {

/// What libpng's callbacks see.
struct Stream {
  JumpGuard guard;
  ByteSpan rest;              ///< not read yet
  bool icc_damaged = false;   ///< libpng did not like the colour profile
  bool exif_damaged = false;  ///< nor the EXIF block
  bool animated = false;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  jump_back(static_cast<Stream*>(png_get_error_ptr(png))->guard, message);
}

void on_warning(png_structp png, png_const_charp message) {
  auto& stream = *static_cast<Stream*>(png_get_error_ptr(png));
  const std::string_view words(message);
  stream.icc_damaged = stream.icc_damaged || words.starts_with("iCCP");
  stream.exif_damaged = stream.exif_damaged || words.starts_with("eXIf");
}

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  ByteSpan& rest = static_cast<Stream*>(png_get_io_ptr(png))->rest;
  if (count > rest.size()) png_error(png, "the file ends too early");
  std::copy_n(rest.begin(), count, out);
  rest = rest.subspan(count);
}

int on_unknown_chunk(png_structp png, png_unknown_chunkp chunk) {
  if (std::memcmp(chunk->name, "acTL", 4) == 0)
    static_cast<Stream*>(png_get_user_chunk_ptr(png))->animated = true;
  return 1;  // nothing else in unknown chunks is of interest
}

class PngReader {
 public:
  explicit PngReader(const PictureSource& source)
      : source_(source),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &stream_, on_error, on_warning)),
        info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
    stream_.rest = source.bytes;
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  RawPicture read(Wanted wanted) {
    if (info_ == nullptr) throw_unreadable(source_.name, "PNG: out of memory");
    RawPicture picture;
    read_header(picture, wanted);
    if (wanted == Wanted::picture)
      read_samples(picture);
    else
      run([this] { png_read_end(png_, info_); });
    read_metadata(picture);
    if (stream_.animated && wanted == Wanted::picture)
      log::warn(text(source_.name, " is animated; its still picture is read"));
    return picture;
  }

 private:
  template <class Work>
  void run(const Work& work) {
    if (!completes(stream_.guard, work))
      throw_unreadable(source_.name, text("PNG: ", stream_.guard.message.data()));
  }

  void read_header(RawPicture& picture, Wanted wanted) {
    check_header_size();
    run([this, wanted] {
      png_set_read_fn(png_, &stream_, read_bytes);
      png_set_read_user_chunk_fn(png_, &stream_, on_unknown_chunk);
      if (wanted == Wanted::metadata) pass_over_samples();
      // sRGB profiles are recognised by what they do (color.cpp), not by libpng's list.
      png_set_option(png_, PNG_SKIP_sRGB_CHECK_PROFILE, PNG_OPTION_ON);
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_read_info(png_, info_);
      expand();
      png_read_update_info(png_, info_);
    });
    const unsigned int channels = png_get_channels(png_, info_);
    picture.width = static_cast<int>(png_get_image_width(png_, info_));
    picture.height = static_cast<int>(png_get_image_height(png_, info_));
    picture.colors = channels <= 2 ? Colors::grey : Colors::rgb;
    picture.has_alpha = channels == 2 || channels == 4;
    picture.bits = png_get_bit_depth(png_, info_);
  }

  /// libpng's own way to what stands behind the samples without decoding them: they count as a
  /// chunk that it does not know, which may be as long as the file.
  void pass_over_samples() {
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER,
                                reinterpret_cast<png_const_bytep>("IDAT"), 1);
    const png_alloc_size_t usual = png_get_chunk_malloc_max(png_);
    png_set_chunk_malloc_max(png_, std::max<png_alloc_size_t>(usual, source_.bytes.size()));
  }

  /// libpng says no more than "invalid IHDR data" about a size of zero; the size is always here.
  void check_header_size() {
    constexpr std::size_t width_at = 16;
    if (source_.bytes.size() < width_at + 8)
      throw_unreadable(source_.name, "PNG: the file ends too early");
    check_size(source_, png_get_uint_32(source_.bytes.data() + width_at),
               png_get_uint_32(source_.bytes.data() + width_at + 4));
  }

  /// Palettes to RGB, few bits to 8, transparent colours to alpha, 16 bits in the machine's order.
  void expand() {
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    if (png_get_valid(png_, info_, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png_);
    if (std::endian::native == std::endian::little) png_set_swap(png_);
    png_set_interlace_handling(png_);
  }

  void read_samples(RawPicture& picture) {
    picture.allocate();
    std::vector<png_bytep> rows(static_cast<std::size_t>(picture.height));
    for (std::size_t y = 0; y < rows.size(); ++y)
      rows[y] = picture.samples.data() + y * picture.row_bytes();
    run([&] {
      png_read_image(png_, rows.data());
      png_read_end(png_, info_);
    });
  }

  void read_metadata(RawPicture& picture) {
    png_charp name = nullptr;
    png_bytep data = nullptr;
    png_uint_32 size = 0;
    int compression = 0;
    if (png_get_iCCP(png_, info_, &name, &compression, &data, &size) != 0)
      picture.icc.assign(data, data + size);
    picture.icc_damaged = stream_.icc_damaged && picture.icc.empty();

    if (png_get_eXIf_1(png_, info_, &size, &data) != 0)
      picture.exif.assign(data, data + size);
    else if (stream_.exif_damaged)
      log::warn(text("the EXIF data of ", source_.name, " is damaged and left out"));

    png_uint_32 x = 0;
    png_uint_32 y = 0;
    int unit = 0;
    if (png_get_pHYs(png_, info_, &x, &y, &unit) != 0 && unit == PNG_RESOLUTION_METER)
      picture.density = {x * Density::inch_m, y * Density::inch_m};

    read_texts(picture);
  }

  void read_texts(RawPicture& picture) {
    bool has_text = false;
    bool has_xmp = false;
    png_textp texts = nullptr;
    int count = 0;
    png_get_text(png_, info_, &texts, &count);
    for (const png_text& entry : std::span(texts, static_cast<std::size_t>(count))) {
      const std::string_view key(entry.key);
      if (key == "ip2p" && entry.text != nullptr)
        picture.record = entry.text;
      else if (key == "XML:com.adobe.xmp")
        has_xmp = true;
      else if (key != "Software")  // the record says what wrote the new file
        has_text = true;
    }
    if (has_xmp) picture.not_kept.emplace_back("XMP");
    if (has_text) picture.not_kept.emplace_back("text");
  }

  const PictureSource& source_;
  Stream stream_;
  png_structp png_;
  png_infop info_;
};

}  // namespace

RawPicture read_png(const PictureSource& source, Wanted wanted) {
  return PngReader(source).read(wanted);
}

}  // namespace ip2p
