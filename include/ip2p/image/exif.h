// exif.h - what is kept of an EXIF block, and what an edited picture's block says.
#pragma once

#include <string>

#include "ip2p/base/files.h"
#include "ip2p/image/image.h"

namespace ip2p {

/// An EXIF block made true again for upright sRGB pixels, and how the pixels must be turned for
/// that.
struct CleanExif {
  Bytes block;  ///< empty when there is nothing to keep
  int orientation = 1;
  Density density;  ///< as the block says it, of the picture before it is turned
};

/// Takes out of a block what will not be true of an edit: orientation becomes 1, the thumbnail goes
/// (it shows the unedited picture), and so does the record of an earlier edit. A damaged block is
/// kept as far as it can be read, with a warning that calls the picture `name`.
CleanExif clean_exif(ByteSpan block, const std::string& name);

/// Where a format keeps ip2p's record.
enum class RecordPlace { elsewhere, user_comment, image_description };

/// The block for `image`: of its own block what is true of its size, and with the record (JSON) and
/// the program's name, unless the record is empty. The record goes to `place`; where the input has
/// words of its own there, to the other place; and where it has them in both, they give way, with a
/// warning. What is returned may be empty.
Bytes output_exif(const Image& image, const std::string& record, RecordPlace place);

/// The same with a density (when it is known and the block has none), for formats that say it
/// nowhere else.
Bytes output_exif_with_density(const Image& image, const std::string& record, RecordPlace place);

/// The record in a block, from either place; empty when there is none.
std::string exif_record(ByteSpan block);

}  // namespace ip2p
