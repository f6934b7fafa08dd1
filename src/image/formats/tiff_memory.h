// tiff_memory.h - a TIFF file in memory for libtiff, with libtiff's messages kept instead of
// printed.
#pragma once

#include <memory>
#include <string>

#include <tiffio.h>

#include "ip2p/base/files.h"

namespace ip2p {

/// An open file of libtiff, and the bytes behind it.
class TiffMemory {
 public:
  /// For reading; `file` must outlive this. No allocation of libtiff may exceed `max_allocation`.
  TiffMemory(ByteSpan file, std::uint64_t max_allocation);
  /// For writing, in the given byte order.
  explicit TiffMemory(bool big_endian);
  TiffMemory(const TiffMemory&) = delete;
  TiffMemory& operator=(const TiffMemory&) = delete;
  ~TiffMemory();

  /// Null when the file could not be opened.
  [[nodiscard]] TIFF* get() const { return tiff_; }

  /// The first error since opening, else the first warning that means lost pixels, else nothing.
  [[nodiscard]] const std::string& message() const;

  /// Finishes writing and gives the file. False in `whole` when libtiff failed.
  Bytes finish(bool& whole);

  struct Stream;

 private:
  void open(const char* mode, std::uint64_t max_allocation);

  std::unique_ptr<Stream> stream_;
  TIFF* tiff_ = nullptr;
};

}  // namespace ip2p
