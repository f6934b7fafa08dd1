// mapped_file.h - a file's bytes where the page cache holds them, without a copy.
#pragma once

#include "ip2p/base/files.h"

namespace ip2p {

/// A regular file mapped into memory, privately: what is written into the bytes (libtorch's tensors
/// have no constant form) stays in this process. The bytes stay valid for as long as the object
/// lives, also when the file is renamed, replaced or deleted meanwhile. A file that is cut short in
/// place while it is mapped ends the process (SIGBUS), as with every mapping: bundles are replaced,
/// not rewritten.
class MappedFile {
 public:
  /// Error{file} when it is missing, a folder, unreadable, or cannot be mapped (a pipe).
  explicit MappedFile(const fs::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }

  /// Says that `part` of the bytes is not needed for now: it stops counting as this process's
  /// memory. The bytes stay readable.
  void release(ByteSpan part) const;

 private:
  ByteSpan bytes_;
};

}  // namespace ip2p
