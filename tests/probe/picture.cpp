// picture.cpp - operations on picture files: decode, encode, record.
#include <string>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"
#include "ip2p/image/read.h"
#include "ip2p/image/record.h"
#include "ip2p/image/write.h"

#include "operation.h"

namespace ip2p::probe {
namespace {

ReadLimits limits_of(const Json& request) {
  return {.max_megapixels = request.value("max_megapixels", ReadLimits{}.max_megapixels)};
}

void write_if_named(const Json& request, const char* key, const Bytes& bytes) {
  if (request.contains(key))
    write_atomically(request.at(key).get<std::string>(), bytes, Existing::replace);
}

}  // namespace

/// {"path", "rgb": FILE, "alpha": FILE, "exif": FILE}: what is named is written as raw bytes.
Json decode_picture(const Json& request) {
  const Image image =
      read_image(fs::path(request.at("path").get<std::string>()), limits_of(request));
  write_if_named(request, "rgb", image.rgb);
  write_if_named(request, "alpha", image.alpha);
  write_if_named(request, "exif", image.exif);
  return {{"width", image.width},
          {"height", image.height},
          {"alpha", !image.alpha.empty()},
          {"exif_bytes", image.exif.size()}};
}

/// {"path": input, "out": output, "quality", "record", "keep_metadata"}: decodes and encodes.
Json encode_picture(const Json& request) {
  const fs::path out = request.at("out").get<std::string>();
  const EncodeOptions options{.format = format_of(out),
                              .quality = request.value("quality", EncodeOptions::default_quality),
                              .record = request.value("record", ""),
                              .keep_metadata = request.value("keep_metadata", true)};
  const Image image =
      read_image(fs::path(request.at("path").get<std::string>()), limits_of(request));
  write_atomically(out, encode_image(image, options), Existing::keep);
  return {{"width", image.width}, {"height", image.height}};
}

/// {"path"}: the record that is in a picture.
Json picture_record(const Json& request) {
  const fs::path path = request.at("path").get<std::string>();
  return {{"record", read_record(read_file(path), text(path), limits_of(request))}};
}

}  // namespace ip2p::probe
