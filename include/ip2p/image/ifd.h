// ifd.h - the lists of tags (image file directories) that TIFF files and EXIF blocks are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ip2p/base/files.h"

namespace ip2p {

/// One tag. The value's bytes are in the byte order of the file they come from.
struct IfdEntry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint32_t count = 0;
  Bytes value;
};

using Ifd = std::vector<IfdEntry>;

/// The directories of a file that say something about the picture.
struct IfdTree {
  bool big_endian = false;
  std::uint32_t main_at = 0;  ///< offset of the first directory in the file that was read
  Ifd main;
  Ifd exif;
  Ifd gps;
  Ifd interop;
  bool main_damaged = false;  ///< a tag of `main` points outside the file, and is missing here
  bool damaged = false;       ///< the same of the others
};

/// What can be read of a classic TIFF structure: never more than the file holds, and nothing of a
/// BigTIFF.
IfdTree ifds_of(ByteSpan file);

/// The number in a tag of `tree.main`; nothing when it is not there, or not one SHORT or LONG.
std::optional<std::uint32_t> number(const IfdTree& tree, std::uint16_t tag);

/// A TIFF header and the directories after it: an EXIF block.
Bytes exif_block(const IfdTree& tree);

/// Puts `tree` in the place of the directory that a TIFF file ends with (the tree must hold all of
/// its tags, and be of the file's byte order).
void replace_last_ifd(Bytes& file, const IfdTree& tree);

/// The tags of `main` that describe a picture rather than how its file stores it.
Ifd descriptive(const Ifd& main);

}  // namespace ip2p
