// record.cpp - the record is where the writer of each format put it (write.cpp).
#include "ip2p/image/record.h"

#include "ip2p/base/error.h"
#include "ip2p/image/content.h"
#include "ip2p/image/exif.h"
#include "ip2p/image/formats/read.h"

namespace ip2p {
std::string read_record(ByteSpan bytes, const std::string& name, const ReadLimits& limits) {
  const PictureSource source{bytes, name, limits};
  const RawPicture picture = read_raw(source, picture_format(source), Wanted::metadata);
  std::string record = picture.record.empty() ? exif_record(picture.exif) : picture.record;
  if (record.empty())
    throw Error(Exit::file, text(name,
                                 " holds no record of how it was made; only pictures that ip2p "
                                 "wrote without --strip do"));
  return record;
}

}  // namespace ip2p
