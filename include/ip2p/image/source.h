// source.h - the bytes of a picture on their way in: what they are called, and what they may cost.
#pragma once

#include <cstdint>
#include <string>

#include "ip2p/base/files.h"
#include "ip2p/image/read.h"

namespace ip2p {

/// A picture file in memory. The bytes must outlive it.
struct PictureSource {
  ByteSpan bytes;
  std::string name;  ///< for sentences: a quoted path, or "stdin"
  ReadLimits limits;
};

/// Throws Error{file}: cannot read NAME: WHY. What libraries say is made to fit into one line.
[[noreturn]] void throw_unreadable(const std::string& name, const std::string& why);

/// Throws Error{file} when a header asks for no pixels at all or for more than the limit.
void check_size(const PictureSource& source, std::int64_t width, std::int64_t height);

}  // namespace ip2p
