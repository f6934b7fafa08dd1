// disk_full.h - a failure to write that every other write will share.
#pragma once

#include <string>

#include "ip2p/base/error.h"

namespace ip2p {

/// The disk or a quota is full, or the file system takes no writes any more: not a fault of the one
/// file. Thrown by write_atomically and stream_atomically.
class DiskFull : public Error {
 public:
  explicit DiskFull(const std::string& sentence) : Error(Exit::file, sentence) {}
};

}  // namespace ip2p
