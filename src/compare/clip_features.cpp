// clip_features.cpp - embeddings taken off the device, as plain numbers.
#include "ip2p/compare/clip_features.h"

#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/model/clip.h"
#include "ip2p/model/compute_errors.h"

namespace ip2p {
namespace {

class FeaturesOfClip : public ImageTextFeatures {
 public:
  explicit FeaturesOfClip(Clip clip) : clip_(std::move(clip)) {}

  [[nodiscard]] Features of_picture(const Image& picture) const override {
    return computed("looking at a picture with CLIP",
                    [&] { return clip_.encode_pictures(clip_.pixels(picture)); });
  }

  [[nodiscard]] Features of_text(const std::string& words) const override {
    return computed("reading a caption with CLIP",
                    [&] { return clip_.encode_texts(clip_.tokens(words)); });
  }

 private:
  template <class Encode>
  [[nodiscard]] Features computed(const char* doing, Encode encode) const {
    try {
      const torch::NoGradGuard no_grad;
      const torch::Tensor embedding = encode().squeeze(0).to(torch::kCPU).contiguous();  // (D)
      if (!torch::isfinite(embedding).all().item<bool>())
        throw Error(Exit::model, text(clip_.manifest().folder,
                                      " gives values that are not finite; export it again"));
      const auto* const numbers = embedding.const_data_ptr<float>();
      return {numbers, numbers + embedding.numel()};
    } catch (...) {
      rethrow_compute_error(device_name(clip_.placement().device), doing, "");
    }
  }

  Clip clip_;
};

}  // namespace

ClipFeatures load_clip_features(const fs::path& folder, const std::string& device) {
  const Placement placement = place(device, "float32");
  try {
    Clip clip(folder, placement);
    const ClipManifest manifest = clip.manifest();
    if (manifest.random_weights)
      log::warn(text(folder, " has random weights, for tests: what it measures means nothing"));
    auto features = std::make_unique<const FeaturesOfClip>(std::move(clip));
    return {.features = std::make_unique<const RememberedFeatures>(std::move(features)),
            .name = manifest.name,
            .hash = manifest.sha256};
  } catch (...) {
    rethrow_compute_error(device_name(placement.device), text("loading ", folder), "");
  }
}

}  // namespace ip2p
