// output_check.cpp - what the file system says now.
#include "output_check.h"

#include <algorithm>
#include <system_error>

#include "ip2p/base/error.h"

namespace ip2p {

void check_is_below(const fs::path& folder, const fs::path& path) {
  std::error_code failed;
  const fs::path top = fs::weakly_canonical(folder, failed);
  const fs::path below = failed ? fs::path() : fs::weakly_canonical(path.parent_path(), failed);
  if (failed)
    throw Error(Exit::file, text("cannot look where ", path, " would be: ", failed.message()));
  const auto [end, ignored] = std::ranges::mismatch(top, below);
  if (end != top.end())
    throw Obstacle(text(path, " is outside the output folder by a link: it would be ",
                        below / path.filename(),
                        "; give --allow-outside to write there all the same"));
}

}  // namespace ip2p
