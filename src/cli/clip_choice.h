// clip_choice.h - which CLIP bundle measures: --clip, else IP2P_CLIP.
#pragma once

#include <optional>
#include <string>

#include "ip2p/compare/clip_features.h"

namespace ip2p::cli {

/// Loads the CLIP bundle that `flag`, or else IP2P_CLIP, names. `need` is what asks for one, for
/// people ("the case x has the limit clip_image"), empty when nothing does: then IP2P_CLIP is not
/// looked at. Error{usage} when one is needed and none named; the others are load_clip_features'.
std::optional<ClipFeatures> load_clip(const std::optional<std::string>& flag,
                                      const std::string& need, const std::string& device);

}  // namespace ip2p::cli
