// read.cpp - one reader a format.
#include "ip2p/image/formats/read.h"

#include "ip2p/base/error.h"
#include "ip2p/image/formats/read_bmp.h"
#include "ip2p/image/formats/read_jpeg.h"
#include "ip2p/image/formats/read_png.h"
#include "ip2p/image/formats/read_tiff.h"
#include "ip2p/image/formats/read_webp.h"

namespace ip2p {

RawPicture read_raw(const PictureSource& source, PictureFormat format, Wanted wanted) {
  switch (format) {
    case PictureFormat::jpeg:
      return read_jpeg(source, wanted);
    case PictureFormat::png:
      return read_png(source, wanted);
    case PictureFormat::webp:
      return read_webp(source, wanted);
    case PictureFormat::tiff:
      return read_tiff(source, wanted);
    case PictureFormat::bmp:
      return read_bmp(source, wanted);
  }
  throw Error(Exit::bug, "a picture format without a reader");
}

}  // namespace ip2p
