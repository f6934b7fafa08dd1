// clip.h - a CLIP model ready to run: pictures and texts as embeddings in one space.
#pragma once

#include <memory>
#include <string>

#include <torch/types.h>

#include "ip2p/image/image.h"
#include "ip2p/model/clip_manifest.h"
#include "ip2p/model/placement.h"

namespace ip2p {

class Module;

/// The two calls of a CLIP bundle and what prepares their input. B items, S pixels a side, T
/// tokens, D the embeddings' width. Embeddings are float32 on the bundle's device and not of unit
/// length, as transformers' CLIPModel gives them; inside, the modules run in the placement's dtype.
/// Calls may run concurrently; copies share the weights. Errors of every call: Error{model} when a
/// shape is not what the manifest says, Error{device} when memory runs out.
class Clip {
 public:
  /// Reads, verifies (hashes, allowed operators) and loads. Nothing of the bundle runs before it is
  /// verified. Error{model} says which file is wrong and how.
  Clip(const fs::path& folder, const Placement& placement);

  /// (1,3,S,S) float32: the picture on white, its middle square, normalised; transformers'
  /// CLIPImageProcessor. Error{usage} for a picture that is too long for that.
  [[nodiscard]] torch::Tensor pixels(const Image& picture) const;
  /// (1,T) int64, with a warning when the words are cut. Error{usage} when they are not UTF-8.
  [[nodiscard]] torch::Tensor tokens(const std::string& words) const;

  /// (B,3,S,S) -> (B,D).
  [[nodiscard]] torch::Tensor encode_pictures(const torch::Tensor& pixels) const;
  /// (B,T) int64 -> (B,D).
  [[nodiscard]] torch::Tensor encode_texts(const torch::Tensor& tokens) const;

  [[nodiscard]] const ClipManifest& manifest() const { return manifest_; }
  [[nodiscard]] const Placement& placement() const { return placement_; }

 private:
  ClipManifest manifest_;
  Placement placement_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const Module> image_;
  std::shared_ptr<const Module> text_;
};

}  // namespace ip2p
