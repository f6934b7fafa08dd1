// append_file.h - a file that grows by whole lines, also when the disk is full.
#pragma once

#include <cstdint>
#include <string_view>

#include "ip2p/base/descriptor.h"
#include "ip2p/base/files.h"

namespace ip2p {

/// The only writer of a file. Not safe to use from several threads.
class AppendFile {
 public:
  /// Opens or makes the file and cuts off what follows its first `whole_bytes`: the line that a
  /// killed process did not finish. Error{file} when it cannot be written.
  AppendFile(fs::path path, std::uint64_t whole_bytes);

  /// Appends `line`, which ends with a newline, by one write(). Error{file} when it does not fit:
  /// then nothing of it is there.
  void append(std::string_view line);

  /// Makes the file empty.
  void clear();

  /// Waits until the disk has it.
  void sync() const;

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  void cut();
  [[noreturn]] void fail(int error_number) const;

  fs::path path_;
  Descriptor file_;
  std::uint64_t size_;     ///< of the whole lines
  bool has_rest_ = false;  ///< bytes of a line that failed may follow them
};

}  // namespace ip2p
