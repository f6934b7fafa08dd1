// exif.h - what is kept of an EXIF block, and what an edited picture's block says.
#pragma once

#include <string>

#include "ip2p/base/files.h"

namespace ip2p {

/// An EXIF block made true again for upright sRGB pixels, and how the pixels must be turned for
/// that.
struct CleanExif {
  Bytes block;  ///< empty when there is nothing to keep
  int orientation = 1;
};

/// Takes out of a block what will not be true of an edit: orientation becomes 1, the thumbnail goes
/// (it shows the unedited picture), and so does the record of an earlier edit. A damaged block is
/// kept as far as it can be read, with a warning that calls the picture `name`.
CleanExif clean_exif(ByteSpan block, const std::string& name);

/// Where a format keeps ip2p's record.
enum class RecordPlace { elsewhere, user_comment, image_description };

/// The block for a picture of the given size: with the record (JSON) in its place and the program's
/// name, unless the record is empty. `block` may be empty; so may be what is returned.
Bytes output_exif(ByteSpan block, int width, int height, const std::string& record,
                  RecordPlace place);

/// The record in a block, from either place; empty when there is none.
std::string exif_record(ByteSpan block);

}  // namespace ip2p
