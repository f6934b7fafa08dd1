// color.h - from the colours and depth of a file to 8-bit sRGB.
#pragma once

#include <string>

#include "ip2p/image/image.h"
#include "ip2p/image/raw_picture.h"

namespace ip2p {

/// The picture in 8-bit sRGB with its alpha, not yet turned upright. An embedded colour profile is
/// applied (relative colorimetric, black point compensation; at the file's depth), unless it is
/// sRGB: then 8-bit samples stay as they are. A profile that is damaged, or of another kind of
/// colour than the picture, is ignored with a warning that calls the picture `name`. Without a
/// profile grey and RGB are taken for sRGB, and CMYK becomes RGB by the plain formula (1 - ink) (1
/// - black).
Image to_srgb(const RawPicture& picture, const std::string& name);

}  // namespace ip2p
