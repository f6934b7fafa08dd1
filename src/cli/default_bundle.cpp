// default_bundle.cpp - found from the program's own place, so that a folder can be moved as a
// whole.
#include "default_bundle.h"

#include "ip2p/base/error.h"

namespace ip2p::cli {

fs::path default_bundle() {
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  // from libexec/ip2p of an installation, and from build of a checkout
  for (const char* place : {"../../share/ip2p/models/demo", "../models/demo"}) {
    const fs::path candidate = (folder / place).lexically_normal();
    if (fs::is_regular_file(candidate / "bundle.json", ignored)) return candidate;
  }
  throw Error(Exit::model,
              "no bundle was given and the demo bundle is not installed; give --model DIR or "
              "set IP2P_MODEL");
}

}  // namespace ip2p::cli
