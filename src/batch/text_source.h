// text_source.h - the bytes of a text file one after another, in constant memory.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "ip2p/base/files.h"

namespace ip2p {

/// More than any line needs that says something to ip2p, and little enough to be held.
inline constexpr std::size_t longest_line_bytes = std::size_t{1} << 20;

class TextSource {
 public:
  static constexpr int end = -1;

  /// Passes over a UTF-8 byte order mark. Error{file} when the file cannot be read.
  explicit TextSource(fs::path path);

  [[nodiscard]] const fs::path& path() const { return path_; }
  /// The next byte, or `end`. Error{file} when the file cannot be read.
  int get();
  /// What `get` will give.
  int peek();

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };

  fs::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace ip2p
