// write.h - an `Image` as the bytes of a picture file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/base/range.h"
#include "ip2p/image/image.h"

namespace ip2p {

enum class OutputFormat { png, jpeg, webp, tiff };

/// Whether a file's extension asks for a format, in any case.
bool has_format(const fs::path& path);

/// The format that a file's extension asks for, in any case. Error{usage} lists what there is.
OutputFormat format_of(const fs::path& path);

/// The names of the formats, with the usual short forms: what --format takes, and with a dot in
/// front the extensions.
std::vector<std::string> format_names();

/// The format of that name, in any case. Error{usage} lists them.
OutputFormat format_named(std::string_view name);

/// "PNG", "JPEG", ...
std::string_view name_of(OutputFormat format);

/// How a picture is stored.
struct EncodeOptions {
  static constexpr Range quality_range{1, 100};
  static constexpr int default_quality = 95;

  OutputFormat format = OutputFormat::png;
  int quality = default_quality;  ///< within `quality_range`. JPEG: full colour resolution from 90.
                                  ///< WebP: lossless at 100
  std::string record{};       ///< JSON text saying how the picture was made; empty: none is stored
  bool keep_metadata = true;  ///< store `Image::exif` and the density too
};

/// Throws Error{file} when `format` cannot hold that many pixels a side. To fail before an edit.
void check_storable(OutputFormat format, int width, int height);

/// The picture as a file's bytes, tagged as sRGB where the format can say so. The same picture and
/// options give the same bytes. JPEG has no alpha: it is dropped with a warning.
Bytes encode_image(Image image, const EncodeOptions& options);

}  // namespace ip2p
