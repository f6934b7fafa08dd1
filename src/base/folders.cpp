// folders.cpp - the system's reason in a sentence.
#include "ip2p/base/folders.h"

#include <system_error>

#include "ip2p/base/error.h"

namespace ip2p {

void make_folder(const fs::path& folder) {
  if (folder.empty()) return;
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw Error(Exit::file, text("cannot make the folder ", folder, ": ", failed.message()));
}

}  // namespace ip2p
