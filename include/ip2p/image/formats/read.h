// read.h - the format readers, chosen by format.
#pragma once

#include "ip2p/image/content.h"
#include "ip2p/image/raw_picture.h"
#include "ip2p/image/source.h"

namespace ip2p {

/// The picture as its file stores it.
RawPicture read_raw(const PictureSource& source, PictureFormat format,
                    Wanted wanted = Wanted::picture);

}  // namespace ip2p
