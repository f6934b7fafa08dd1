// write_png.cpp - 8-bit PNG from libpng; the record is a text chunk with the keyword ip2p.
#include "ip2p/image/formats/write_png.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

#include <png.h>

#include "ip2p/base/error.h"
#include "ip2p/version.h"

#include "jump_guard.h"

namespace ip2p {
namespace {

/// What libpng's callbacks see.
struct Stream {
  JumpGuard guard;
  Bytes file;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  jump_back(static_cast<Stream*>(png_get_error_ptr(png))->guard, message);
}

void on_warning(png_structp, png_const_charp) {}

bool append(Bytes& file, ByteSpan bytes) {
  try {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void write_bytes(png_structp png, png_bytep data, std::size_t count) {
  if (!append(static_cast<Stream*>(png_get_io_ptr(png))->file, ByteSpan(data, count)))
    png_error(png, "out of memory");
}

void flush_nothing(png_structp) {}

png_uint_32 per_metre(double dpi) {
  constexpr double most = PNG_UINT_31_MAX;
  return static_cast<png_uint_32>(std::min(std::round(dpi / Density::inch_m), most));
}

bool is_ascii(const std::string& words) {
  return std::ranges::all_of(words, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class PngWriter {
 public:
  PngWriter()
      : png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, &stream_, on_error, on_warning)),
        info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
    if (info_ == nullptr) throw Error(Exit::file, "cannot write a PNG picture: out of memory");
  }
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }

  Bytes write(const Image& image, Bytes exif, std::string record) {
    const bool has_alpha = !image.alpha.empty();
    Bytes row(static_cast<std::size_t>(image.width) * (has_alpha ? 4 : 3));
    run([&] {
      png_set_write_fn(png_, &stream_, write_bytes, flush_nothing);
      png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width),
                   static_cast<png_uint_32>(image.height), 8,
                   has_alpha ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                   PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_set_sRGB(png_, info_, PNG_sRGB_INTENT_RELATIVE);
      if (image.density.is_known())
        png_set_pHYs(png_, info_, per_metre(image.density.x_dpi), per_metre(image.density.y_dpi),
                     PNG_RESOLUTION_METER);
      if (!exif.empty())
        png_set_eXIf_1(png_, info_, static_cast<png_uint_32>(exif.size()), exif.data());
      if (!record.empty()) set_record(record);
      png_write_info(png_, info_);
      for (int y = 0; y < image.height; ++y) {
        fill_row(image, static_cast<std::size_t>(y), row);
        png_write_row(png_, row.data());
      }
      png_write_end(png_, nullptr);
    });
    return std::move(stream_.file);
  }

 private:
  template <class Work>
  void run(const Work& work) {
    if (!completes(stream_.guard, work))
      throw Error(Exit::file, text("cannot write a PNG picture: ", stream_.guard.message.data()));
  }

  /// tEXt is Latin-1 and every tool shows it; iTXt is for what is beyond ASCII.
  void set_record(std::string& record) {
    std::array<char, 9> software_key{"Software"};
    std::array<char, 16> software{"ip2p " IP2P_VERSION};
    std::array<char, 5> key{"ip2p"};
    std::array<char, 1> none{};
    std::array<png_text, 2> texts{};
    texts[0].compression = PNG_TEXT_COMPRESSION_NONE;
    texts[0].key = software_key.data();
    texts[0].text = software.data();
    texts[1].compression = is_ascii(record) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
    texts[1].key = key.data();
    texts[1].text = record.data();
    texts[1].lang = none.data();
    texts[1].lang_key = none.data();
    png_set_text(png_, info_, texts.data(), static_cast<int>(texts.size()));
  }

  static void fill_row(const Image& image, std::size_t y, Bytes& row) {
    const auto width = static_cast<std::size_t>(image.width);
    const std::uint8_t* rgb = image.rgb.data() + y * width * 3;
    if (image.alpha.empty()) {
      std::copy_n(rgb, width * 3, row.data());
      return;
    }
    for (std::size_t x = 0; x < width; ++x) {
      std::copy_n(rgb + x * 3, 3, row.data() + x * 4);
      row[x * 4 + 3] = image.alpha[y * width + x];
    }
  }

  Stream stream_;
  png_structp png_;
  png_infop info_;
};

}  // namespace

Bytes write_png(const Image& image, ByteSpan exif, const std::string& record) {
  return PngWriter().write(image, Bytes(exif.begin(), exif.end()), record);
}

}  // namespace ip2p
