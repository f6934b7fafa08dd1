// output_check.h - where an output goes, checked at the last moment.
#pragma once

#include <string>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"

namespace ip2p {

/// Something is in an output's way that a flag, or a hand, can take out of it: the item is tried
/// again by the next run.
class Obstacle : public Error {
 public:
  explicit Obstacle(const std::string& sentence) : Error(Exit::file, sentence) {}
};

/// Obstacle when the folder of `path`, links resolved, is not `folder` or below it: since the
/// batch was planned a link may have come.
void check_is_below(const fs::path& folder, const fs::path& path);

}  // namespace ip2p
