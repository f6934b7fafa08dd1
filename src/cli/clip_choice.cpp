// clip_choice.cpp - there is no CLIP bundle that ships, so nothing is measured by default.
#include "clip_choice.h"

#include <cstdlib>

#include "bundle_choice.h"

namespace ip2p::cli {

std::optional<ClipFeatures> load_clip(const std::optional<std::string>& flag,
                                      const std::string& need, const std::string& device) {
  if (flag && flag->empty())
    throw Error(Exit::usage, "--clip is empty; give a CLIP bundle's folder, or leave it out");
  if (!flag && need.empty()) return std::nullopt;
  const char* const variable = std::getenv("IP2P_CLIP");
  const std::string from_environment = variable == nullptr ? "" : variable;
  if (!flag && from_environment.empty())
    throw Error(Exit::usage, text(need,
                                  ", which needs a CLIP bundle; name one with --clip or "
                                  "IP2P_CLIP, or make one with scripts/export_clip.py"));
  const BundleChoice clip = flag ? BundleChoice{*flag, "--clip named it"}
                                 : BundleChoice{from_environment, "IP2P_CLIP named it"};
  return with_origin(clip, [&] { return load_clip_features(clip.folder, device); });
}

}  // namespace ip2p::cli
