// record.h - finding in a picture the record of how ip2p made it (written by encode_image).
#pragma once

#include <string>

#include "ip2p/base/files.h"

namespace ip2p {

/// The record of a picture that ip2p wrote, as JSON text: PNG text `ip2p`, the EXIF user comment of
/// JPEG and WebP, or TIFF's image description. Outside PNG, characters beyond ASCII come back as
/// JSON \u escapes. Error{file} when the file cannot be read or holds no record.
std::string read_record(const fs::path& path);

/// The same from memory. `name` stands for the picture in error sentences.
std::string read_record(ByteSpan bytes, const std::string& name);

}  // namespace ip2p
