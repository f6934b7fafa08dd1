// read_jpeg.cpp - libjpeg-turbo, with every sign of missing or damaged pixels taken as an error.
#include "ip2p/image/formats/read_jpeg.h"

#include <algorithm>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstdlib>
#include <memory>
#include <string_view>

#include <jpeglib.h>
// After jpeglib.h.
#include <jerror.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "jump_guard.h"

namespace ip2p {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view exif_header = "Exif\0\0"sv;

// A progressive file of a few kilobytes can ask for thousands of passes over all pixels. Encoders
// make about ten.
constexpr int most_scans = 500;

/// libjpeg goes on after these with invented pixels.
bool loses_pixels(int warning) {
  constexpr std::array losing{JWRN_JPEG_EOF,       JWRN_HIT_MARKER,  JWRN_HUFF_BAD_CODE,
                              JWRN_ARITH_BAD_CODE, JWRN_MUST_RESYNC, JWRN_BOGUS_PROGRESSION,
                              JWRN_NOT_SEQUENTIAL};
  return std::ranges::find(losing, warning) != losing.end();
}

[[noreturn]] void leave(j_common_ptr jpeg) {
  std::array<char, JMSG_LENGTH_MAX> message{};
  jpeg->err->format_message(jpeg, message.data());
  jump_back(*static_cast<JumpGuard*>(jpeg->client_data), message.data());
}

void on_message(j_common_ptr jpeg, int level) {
  if (level < 0 && loses_pixels(jpeg->err->msg_code)) leave(jpeg);
}

void print_nothing(j_common_ptr) {}

void limit_scans(j_common_ptr jpeg) {
  const auto* reader = reinterpret_cast<const jpeg_decompress_struct*>(jpeg);
  if (reader->input_scan_number > most_scans)
    jump_back(*static_cast<JumpGuard*>(jpeg->client_data), "it has too many scans");
}

/// One decompression, from the first byte to the last.
class JpegReader {
 public:
  explicit JpegReader(const PictureSource& source) : source_(source) {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = leave;
    errors_.emit_message = on_message;
    errors_.output_message = print_nothing;
    progress_.progress_monitor = limit_scans;
    jpeg_.client_data = &guard_;
    run([this] {
      jpeg_create_decompress(&jpeg_);
      jpeg_.progress = &progress_;
      jpeg_mem_src(&jpeg_, source_.bytes.data(), source_.bytes.size());
    });
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

  RawPicture read(Wanted wanted) {
    RawPicture picture;
    read_header(picture);
    read_exif(picture);
    read_icc(picture);
    if (wanted == Wanted::picture) read_samples(picture);
    return picture;
  }

 private:
  template <class Work>
  void run(const Work& work) {
    if (completes(guard_, work)) return;
    if (errors_.msg_code == JERR_EMPTY_IMAGE)
      check_size(source_, jpeg_.image_width, jpeg_.image_height);
    throw_unreadable(source_.name, text("JPEG: ", guard_.message.data()));
  }

  void read_header(RawPicture& picture) {
    run([this] {
      jpeg_save_markers(&jpeg_, JPEG_APP0 + 1, 0xFFFF);
      jpeg_save_markers(&jpeg_, JPEG_APP0 + 2, 0xFFFF);
      jpeg_save_markers(&jpeg_, JPEG_APP0 + 13, 0xFFFF);
      jpeg_read_header(&jpeg_, TRUE);
    });
    check_size(source_, jpeg_.image_width, jpeg_.image_height);
    picture.width = static_cast<int>(jpeg_.image_width);
    picture.height = static_cast<int>(jpeg_.image_height);
    picture.colors = chosen_colors();
    constexpr int per_inch = 1;
    constexpr int per_centimetre = 2;
    const double inch = jpeg_.density_unit == per_inch         ? 1
                        : jpeg_.density_unit == per_centimetre ? Density::inch_m * 100
                                                               : 0;
    if (jpeg_.saw_JFIF_marker != 0)
      picture.density = {jpeg_.X_density * inch, jpeg_.Y_density * inch};
    if (has_marker(1, "http://ns.adobe.com/xap/1.0/\0"sv)) picture.not_kept.emplace_back("XMP");
    if (has_marker(13, "Photoshop 3.0\0"sv)) picture.not_kept.emplace_back("IPTC");
  }

  /// Asks libjpeg for samples as near to the stored ones as it can give, and says what they are.
  Colors chosen_colors() {
    switch (jpeg_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        jpeg_.out_color_space = JCS_GRAYSCALE;
        return Colors::grey;
      case JCS_YCbCr:
      case JCS_RGB:
        jpeg_.out_color_space = JCS_RGB;
        return Colors::rgb;
      case JCS_CMYK:
      case JCS_YCCK:
        jpeg_.out_color_space = JCS_CMYK;
        return Colors::cmyk;
      default:
        throw_unreadable(source_.name, text("JPEG: ", jpeg_.num_components,
                                            " components of unknown meaning; ip2p reads grey, RGB, "
                                            "YCbCr, CMYK and YCCK"));
    }
  }

  void read_exif(RawPicture& picture) {
    for (auto* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
      const ByteSpan data(marker->data, marker->data_length);
      if (marker->marker != JPEG_APP0 + 1 || data.size() < exif_header.size()) continue;
      const ByteSpan body = data.subspan(exif_header.size());
      if (!std::equal(exif_header.begin(), exif_header.end(), data.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
        continue;
      picture.exif.assign(body.begin(), body.end());
      return;
    }
  }

  void read_icc(RawPicture& picture) {
    JOCTET* data = nullptr;
    unsigned int size = 0;
    const long warnings = errors_.num_warnings;
    run([&] { jpeg_read_icc_profile(&jpeg_, &data, &size); });
    const std::unique_ptr<JOCTET, decltype(&std::free)> owner(data, &std::free);
    if (data != nullptr) picture.icc.assign(data, data + size);
    picture.icc_damaged = data == nullptr && has_marker(2, "ICC_PROFILE\0"sv);
    errors_.num_warnings = warnings;
  }

  /// Whether there is a segment APP`number` that begins with these letters.
  [[nodiscard]] bool has_marker(int number, std::string_view letters) const {
    for (auto* marker = jpeg_.marker_list; marker != nullptr; marker = marker->next)
      if (marker->marker == JPEG_APP0 + number && marker->data_length >= letters.size() &&
          std::equal(letters.begin(), letters.end(), marker->data,
                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }))
        return true;
    return false;
  }

  void read_samples(RawPicture& picture) {
    picture.allocate();
    const std::size_t stride = picture.row_bytes();
    std::uint8_t* const samples = picture.samples.data();
    run([&] {
      jpeg_start_decompress(&jpeg_);
      while (jpeg_.output_scanline < jpeg_.output_height) {
        JSAMPROW row = samples + jpeg_.output_scanline * stride;
        jpeg_read_scanlines(&jpeg_, &row, 1);
      }
      jpeg_finish_decompress(&jpeg_);
    });
    // CMYK in JPEG is stored as Adobe does it, with 255 for no ink, in practice without exception.
    if (picture.colors == Colors::cmyk)
      std::ranges::transform(picture.samples, picture.samples.begin(),
                             [](std::uint8_t c) { return static_cast<std::uint8_t>(255 - c); });
  }

  const PictureSource& source_;
  JumpGuard guard_;
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct jpeg_{};
};

}  // namespace

RawPicture read_jpeg(const PictureSource& source, Wanted wanted) {
  return JpegReader(source).read(wanted);
}

}  // namespace ip2p
