// read_bmp.h - a BMP file as a `RawPicture`.
#pragma once

#include "ip2p/image/raw_picture.h"
#include "ip2p/image/source.h"

namespace ip2p {

RawPicture read_bmp(const PictureSource& source, Wanted wanted);

}  // namespace ip2p
