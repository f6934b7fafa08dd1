// empty_file.h - an output of no bytes is none: this program writes whole files, but others (a full
// file server, a copy that was stopped) leave a name without content.
#pragma once

#include <system_error>

#include "ip2p/base/files.h"

namespace ip2p {

inline bool is_empty_file(const fs::path& path) {
  std::error_code unknown;
  return fs::is_regular_file(path, unknown) && fs::file_size(path, unknown) == 0;
}

}  // namespace ip2p
