// cache_folder.h - where this user's programs keep what can be made again.
#pragma once

#include "ip2p/base/files.h"

namespace ip2p {

/// XDG_CACHE_HOME/ip2p, else ~/.cache/ip2p (the XDG base directory specification); it need not be
/// there. Empty when neither variable names an absolute path.
fs::path cache_folder();

}  // namespace ip2p
