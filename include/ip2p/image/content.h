// content.h - what a file is, told from its first bytes and never from its name.
#pragma once

#include <string_view>

#include "ip2p/base/files.h"
#include "ip2p/image/source.h"

namespace ip2p {

enum class PictureFormat { jpeg, png, webp, tiff, bmp };

/// "JPEG", "PNG", ...
std::string_view name_of(PictureFormat format);

/// The format of the bytes. Error{file} says what the file is instead (text, a PDF, a GIF, ...) and
/// what can be read.
PictureFormat picture_format(const PictureSource& source);

/// Warns when the extension of `path` promises another picture format than the content is.
void warn_if_mislabelled(const fs::path& path, PictureFormat format);

}  // namespace ip2p
