// lines.h - the lines of a file that may be too large for memory, and may still be growing.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "ip2p/base/files.h"

namespace ip2p {

struct Line {
  std::string_view text;     ///< without its newline; valid during the call
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t offset = 0;  ///< of its first byte in the file
};

/// Calls `take` with every line that ends with a newline; a rest without one is a line that is not
/// finished. Returns the bytes of the lines that are: 0 too where there is no such file.
/// Error{file} when it cannot be read, or a line is longer than 64 MiB.
std::uint64_t for_each_line(const fs::path& path, const std::function<void(const Line&)>& take);

}  // namespace ip2p
