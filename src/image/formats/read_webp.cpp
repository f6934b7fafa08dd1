// read_webp.cpp - libwebp; of an animation the first frame.
#include "ip2p/image/formats/read_webp.h"

#include <memory>
#include <string_view>

#include <webp/decode.h>
#include <webp/demux.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;
using AnimationDecoder = std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)>;

Bytes chunk(const WebPDemuxer& demuxer, const char* four_letters) {
  Bytes out;
  WebPChunkIterator found{};
  if (WebPDemuxGetChunk(&demuxer, four_letters, 1, &found) != 0)
    out.assign(found.chunk.bytes, found.chunk.bytes + found.chunk.size);
  WebPDemuxReleaseChunkIterator(&found);
  return out;
}

/// Some writers put JPEG's marker header in front of the EXIF block.
Bytes without_jpeg_header(Bytes exif) {
  constexpr std::string_view header("Exif\0\0", 6);
  if (std::string_view(reinterpret_cast<const char*>(exif.data()), exif.size()).starts_with(header))
    exif.erase(exif.begin(), exif.begin() + 6);
  return exif;
}

[[noreturn]] void throw_damaged(const PictureSource& source) {
  throw_unreadable(source.name, "WebP: the file is damaged or ends too early");
}

void read_still(const PictureSource& source, RawPicture& picture) {
  const auto stride = static_cast<int>(picture.row_bytes());
  const ByteSpan file = source.bytes;
  const auto* done = picture.has_alpha
                         ? WebPDecodeRGBAInto(file.data(), file.size(), picture.samples.data(),
                                              picture.samples.size(), stride)
                         : WebPDecodeRGBInto(file.data(), file.size(), picture.samples.data(),
                                             picture.samples.size(), stride);
  if (done == nullptr) throw_damaged(source);
}

/// The first frame on its canvas, with alpha.
void read_first_frame(const PictureSource& source, RawPicture& picture) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) throw_damaged(source);
  options.color_mode = MODE_RGBA;
  const WebPData data{source.bytes.data(), source.bytes.size()};
  const AnimationDecoder decoder(WebPAnimDecoderNew(&data, &options), &WebPAnimDecoderDelete);
  std::uint8_t* canvas = nullptr;
  int time_ms = 0;
  if (!decoder || WebPAnimDecoderGetNext(decoder.get(), &canvas, &time_ms) == 0)
    throw_damaged(source);
  picture.samples.assign(canvas, canvas + picture.samples.size());
}

void read_pixels(const PictureSource& source, const WebPDemuxer& demuxer, bool animated,
                 RawPicture& picture) {
  picture.allocate();
  if (!animated) return read_still(source, picture);
  log::warn(text(source.name, " is animated; its first frame of ",
                 WebPDemuxGetI(&demuxer, WEBP_FF_FRAME_COUNT), " is read"));
  read_first_frame(source, picture);
}

}  // namespace

RawPicture read_webp(const PictureSource& source, Wanted wanted) {
  const WebPData data{source.bytes.data(), source.bytes.size()};
  const Demuxer demuxer(WebPDemux(&data), &WebPDemuxDelete);
  WebPBitstreamFeatures features;
  if (!demuxer ||
      WebPGetFeatures(source.bytes.data(), source.bytes.size(), &features) != VP8_STATUS_OK)
    throw_damaged(source);
  check_size(source, features.width, features.height);

  RawPicture picture;
  picture.width = features.width;
  picture.height = features.height;
  const bool animated = features.has_animation != 0;
  picture.has_alpha = animated || features.has_alpha != 0;
  if (wanted == Wanted::picture) read_pixels(source, *demuxer, animated, picture);

  picture.icc = chunk(*demuxer, "ICCP");
  picture.exif = without_jpeg_header(chunk(*demuxer, "EXIF"));
  if (!chunk(*demuxer, "XMP ").empty()) picture.not_kept.emplace_back("XMP");
  return picture;
}

}  // namespace ip2p
