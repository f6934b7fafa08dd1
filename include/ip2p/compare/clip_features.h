// clip_features.h - a CLIP bundle as the features of pictures and texts. The one place where the
// judge knows a model; the header shows none of it.
#pragma once

#include <memory>
#include <string>

#include "ip2p/compare/features.h"

namespace ip2p {

/// A loaded CLIP bundle.
struct ClipFeatures {
  std::unique_ptr<const ImageTextFeatures> features;  ///< each picture and text is looked at once
  std::string name;                                   ///< the bundle's
  std::string hash;                                   ///< SHA-256 of its clip.json
};

/// Loads and verifies a CLIP bundle on a device ("auto", "cpu", "cuda", "cuda:N"). Its features are
/// computed in float32. Warns when its weights are random. Error{model}, Error{device},
/// Error{usage} for a device's name that is none.
ClipFeatures load_clip_features(const fs::path& folder, const std::string& device);

}  // namespace ip2p
