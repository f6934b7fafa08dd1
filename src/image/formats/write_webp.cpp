// write_webp.cpp - libwebp's encoder, and its container when there is an EXIF block.
#include "ip2p/image/formats/write_webp.h"

#include <memory>

#include <webp/encode.h>
#include <webp/mux.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

using Mux = std::unique_ptr<WebPMux, decltype(&WebPMuxDelete)>;

[[noreturn]] void throw_failed(const auto& why) {
  throw Error(Exit::file, text("cannot write a WebP picture: libwebp failed (", why, ")"));
}

WebPConfig config_of(int quality) {
  WebPConfig config;
  if (WebPConfigInit(&config) == 0) throw_failed("version");
  config.quality = static_cast<float>(quality);
  config.exact = 1;          // keep colours where alpha is 0
  config.use_sharp_yuv = 1;  // WebP halves colour resolution; this keeps edges sharp
  if (quality == 100) WebPConfigLosslessPreset(&config, 6);
  return config;
}

/// Interleaved RGB or RGBA samples of the picture.
Bytes interleaved(const Image& image) {
  if (image.alpha.empty()) return image.rgb;
  Bytes out(image.alpha.size() * 4);
  for (std::size_t i = 0; i < image.alpha.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) out[i * 4 + c] = image.rgb[i * 3 + c];
    out[i * 4 + 3] = image.alpha[i];
  }
  return out;
}

/// An input picture of libwebp and the file that comes out.
class Encoding {
 public:
  Encoding() {
    if (WebPPictureInit(&picture_) == 0) throw_failed("version");
    WebPMemoryWriterInit(&writer_);
    picture_.writer = WebPMemoryWrite;
    picture_.custom_ptr = &writer_;
  }
  Encoding(const Encoding&) = delete;
  Encoding& operator=(const Encoding&) = delete;
  ~Encoding() {
    WebPPictureFree(&picture_);
    WebPMemoryWriterClear(&writer_);
  }

  Bytes encode(const Image& image, const WebPConfig& config) {
    picture_.use_argb = 1;
    picture_.width = image.width;
    picture_.height = image.height;
    const Bytes samples = interleaved(image);
    const int imported = image.alpha.empty()
                             ? WebPPictureImportRGB(&picture_, samples.data(), image.width * 3)
                             : WebPPictureImportRGBA(&picture_, samples.data(), image.width * 4);
    if (imported == 0) throw_failed("memory");
    if (WebPEncode(&config, &picture_) == 0) throw_failed(picture_.error_code);
    return {writer_.mem, writer_.mem + writer_.size};
  }

 private:
  WebPPicture picture_{};
  WebPMemoryWriter writer_{};
};

Bytes with_exif(const Bytes& file, ByteSpan exif) {
  const WebPData picture{file.data(), file.size()};
  const WebPData block{exif.data(), exif.size()};
  const Mux mux(WebPMuxCreate(&picture, 0), &WebPMuxDelete);
  WebPData out{};
  if (!mux || WebPMuxSetChunk(mux.get(), "EXIF", &block, 0) != WEBP_MUX_OK ||
      WebPMuxAssemble(mux.get(), &out) != WEBP_MUX_OK)
    throw_failed("EXIF");
  Bytes bytes(out.bytes, out.bytes + out.size);
  WebPDataClear(&out);
  return bytes;
}

}  // namespace

Bytes write_webp(const Image& image, ByteSpan exif, int quality) {
  Bytes file = Encoding().encode(image, config_of(quality));
  return exif.empty() ? file : with_exif(file, exif);
}

}  // namespace ip2p
