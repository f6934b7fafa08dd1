// write_jpeg.cpp - baseline JPEG from libjpeg-turbo.
#include "ip2p/image/formats/write_jpeg.h"

#include <cmath>
#include <cstdio>  // jpeglib.h needs FILE
#include <exception>
#include <utility>

#include <jerror.h>
#include <jpeglib.h>

#include "ip2p/base/error.h"

#include "jump_guard.h"

namespace ip2p {
namespace {

// From here on colour is stored at full resolution: the halved colour of 4:2:0 blurs saturated
// edges, and edits are small pictures, kept for their looks.
constexpr int full_color_from_quality = 90;

[[noreturn]] void leave(j_common_ptr jpeg) {
  std::array<char, JMSG_LENGTH_MAX> message{};
  jpeg->err->format_message(jpeg, message.data());
  jump_back(*static_cast<JumpGuard*>(jpeg->client_data), message.data());
}

void print_nothing(j_common_ptr) {}

/// Collects what libjpeg writes. Its own destination in memory keeps the pointer that its user must
/// free out of date until the end, so an error on the way could free it twice.
struct Destination : jpeg_destination_mgr {
  Bytes file;
  std::array<JOCTET, 65536> buffer{};

  void rewind() {
    next_output_byte = buffer.data();
    free_in_buffer = buffer.size();
  }
  /// False when memory runs out: an exception may not pass through libjpeg's frames.
  [[nodiscard]] bool take(std::size_t count) noexcept {
    try {
      file.insert(file.end(), buffer.data(), buffer.data() + count);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }
};

void take_or_leave(j_compress_ptr jpeg, std::size_t count) {
  if (static_cast<Destination*>(jpeg->dest)->take(count)) return;
  jpeg->err->msg_code = JERR_OUT_OF_MEMORY;
  jpeg->err->msg_parm.i[0] = 0;
  leave(reinterpret_cast<j_common_ptr>(jpeg));
}

void begin_file(j_compress_ptr jpeg) {
  static_cast<Destination*>(jpeg->dest)->rewind();
}

boolean empty_buffer(j_compress_ptr jpeg) {
  auto* destination = static_cast<Destination*>(jpeg->dest);
  take_or_leave(jpeg, destination->buffer.size());
  destination->rewind();
  return TRUE;
}

void end_file(j_compress_ptr jpeg) {
  const auto* destination = static_cast<Destination*>(jpeg->dest);
  take_or_leave(jpeg, destination->buffer.size() - destination->free_in_buffer);
}

/// One compression into memory.
class JpegWriter {
 public:
  JpegWriter() {
    jpeg_.err = jpeg_std_error(&errors_);
    errors_.error_exit = leave;
    errors_.output_message = print_nothing;
    jpeg_.client_data = &guard_;
    destination_.init_destination = begin_file;
    destination_.empty_output_buffer = empty_buffer;
    destination_.term_destination = end_file;
    run([this] {
      jpeg_create_compress(&jpeg_);
      jpeg_.dest = &destination_;
    });
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
  ~JpegWriter() { jpeg_destroy_compress(&jpeg_); }

  Bytes write(const Image& image, Bytes exif, int quality) {
    Bytes row(static_cast<std::size_t>(image.width) * 3);
    run([&] {
      start(image, quality);
      if (!exif.empty())
        jpeg_write_marker(&jpeg_, JPEG_APP0 + 1, exif.data(),
                          static_cast<unsigned int>(exif.size()));
      while (jpeg_.next_scanline < jpeg_.image_height) {
        std::copy_n(image.rgb.data() + jpeg_.next_scanline * row.size(), row.size(), row.data());
        JSAMPROW pointer = row.data();
        jpeg_write_scanlines(&jpeg_, &pointer, 1);
      }
      jpeg_finish_compress(&jpeg_);
    });
    return std::move(destination_.file);
  }

 private:
  template <class Work>
  void run(const Work& work) {
    if (!completes(guard_, work))
      throw Error(Exit::file, text("cannot write a JPEG picture: ", guard_.message.data()));
  }

  void start(const Image& image, int quality) {
    jpeg_.image_width = static_cast<JDIMENSION>(image.width);
    jpeg_.image_height = static_cast<JDIMENSION>(image.height);
    jpeg_.input_components = 3;
    jpeg_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    if (quality >= full_color_from_quality) {
      jpeg_.comp_info[0].h_samp_factor = 1;
      jpeg_.comp_info[0].v_samp_factor = 1;
    }
    constexpr double most = 65535;
    if (image.density.is_known() && image.density.x_dpi <= most && image.density.y_dpi <= most) {
      jpeg_.density_unit = 1;  // dots an inch
      jpeg_.X_density = static_cast<UINT16>(std::lround(image.density.x_dpi));
      jpeg_.Y_density = static_cast<UINT16>(std::lround(image.density.y_dpi));
    }
    jpeg_start_compress(&jpeg_, TRUE);
  }

  JumpGuard guard_;
  jpeg_error_mgr errors_{};
  jpeg_compress_struct jpeg_{};
  Destination destination_;
};

}  // namespace

Bytes write_jpeg(const Image& image, ByteSpan exif, int quality) {
  Bytes marker;
  if (!exif.empty()) {
    marker = {'E', 'x', 'i', 'f', 0, 0};
    marker.insert(marker.end(), exif.begin(), exif.end());
  }
  return JpegWriter().write(image, std::move(marker), quality);
}

}  // namespace ip2p
