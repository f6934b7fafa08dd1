// folders.h - folders that are to be there.
#pragma once

#include "ip2p/base/files.h"

namespace ip2p {

/// Makes the folder and those above it that are not there; "" is the working folder. Error{file}
/// when that cannot be.
void make_folder(const fs::path& folder);

}  // namespace ip2p
