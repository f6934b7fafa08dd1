// record.h - finding in a picture the record of how ip2p made it (written by encode_image).
#pragma once

#include <string>

#include "ip2p/base/files.h"
#include "ip2p/image/read.h"

namespace ip2p {

/// The record of a picture that ip2p wrote, as JSON text: PNG text `ip2p`, the EXIF user comment of
/// JPEG and WebP, or TIFF's image description. Outside PNG, characters beyond ASCII come back as
/// JSON \u escapes. `name` stands for the picture in error sentences. No pixel is decoded.
/// Error{file} when the bytes cannot be read as a picture within the limits or hold no record.
std::string read_record(ByteSpan bytes, const std::string& name, const ReadLimits& limits = {});

}  // namespace ip2p
