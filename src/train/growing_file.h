// growing_file.h - a file that is written over hours and gets its name when it is whole.
#pragma once

#include <cstdint>

#include "ip2p/base/files.h"

namespace ip2p {

class GrowingFile {
 public:
  /// The name of the unfinished file.
  static fs::path partial_name(const fs::path& path);

  /// Makes the folder and the unfinished file, `size` bytes of zeros; one of that size that an
  /// earlier run left is taken over with what it holds. Error{file} when it cannot, or when another
  /// process is writing it.
  GrowingFile(fs::path path, std::uint64_t size);
  GrowingFile(const GrowingFile&) = delete;
  GrowingFile& operator=(const GrowingFile&) = delete;
  /// Deletes what is unfinished, unless it is to be kept.
  ~GrowingFile();

  void write(std::uint64_t offset, ByteSpan bytes);

  /// Fills `bytes` from `offset` on.
  void read(std::uint64_t offset, std::span<std::uint8_t> bytes) const;

  /// Makes all of it zeros again.
  void clear();

  /// Brings to the disk what was written.
  void flush();

  /// Leaves the unfinished file for a later run.
  void keep() { keep_ = true; }

  /// Flushes it to the disk and gives it its name.
  void finish();

 private:
  [[noreturn]] void fail(int error_number) const;

  fs::path path_;
  fs::path partial_;
  std::uint64_t size_;
  int fd_ = -1;
  bool keep_ = false;
  bool finished_ = false;
};

}  // namespace ip2p
