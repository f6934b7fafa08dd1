// bundle.h - a model ready to run: four calls with checked shapes, on one device, in one precision.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/model/manifest.h"
#include "ip2p/model/named_tensors.h"
#include "ip2p/model/placement.h"

namespace ip2p {

using torch::Tensor;

class Module;

/// What a bundle says of itself when it is written.
struct BundleOrigin {
  std::string name;
  std::string source;   ///< what the weights were made from
  std::string licence;  ///< of the weights
};

/// The modules of a bundle. B items, H W pixels, C latent channels, h w latents (pixels divided by
/// pixels_per_latent), T tokens, D context width. Calls take tensors of any device and dtype and
/// return float32 on the bundle's device; inside they run in its dtype. Calls may run concurrently.
/// Errors of every call: Error{model} when a shape is not what the manifest says, Error{device}
/// when memory runs out.
class Bundle {
 public:
  /// Reads, verifies (hashes, allowed operators) and loads. Nothing of the bundle runs before it is
  /// verified. Error{model} says which file is wrong and how.
  Bundle(const fs::path& folder, const Placement& placement);
  /// Only some of `module_parts`; the calls of the others must not be made.
  Bundle(const fs::path& folder, const Placement& placement,
         const std::set<std::string_view>& parts);
  /// Copies share the weights.
  Bundle(const Bundle&);
  Bundle(Bundle&&) noexcept;
  Bundle& operator=(const Bundle&);
  Bundle& operator=(Bundle&&) noexcept;
  ~Bundle();

  /// (N,T) int64 -> (N,T,D).
  [[nodiscard]] Tensor encode_text(const Tensor& tokens) const;
  /// (B,3,H,W) RGB in [-1,1] -> (B,C,h,w): the mode of the VAE's posterior, times image_scale. The
  /// condition of InstructPix2Pix: not scaled as the noisy latent is.
  [[nodiscard]] Tensor encode_image(const Tensor& pixels) const;
  /// (N,2C,h,w), (N), (N,T,D) -> (N,C,h,w): the UNet.
  [[nodiscard]] Tensor predict(const Tensor& sample, const Tensor& timestep,
                               const Tensor& context) const;
  /// (B,C,h,w) of the UNet's scale -> (B,3,H,W), about [-1,1].
  [[nodiscard]] Tensor decode(const Tensor& latent) const;

  /// The weights of one of `module_parts`, in the archive's order. They can be made to require
  /// gradients, and written into.
  [[nodiscard]] NamedTensors parameters(std::string_view part) const;

  /// The same bundle with modules of its own for `parts`, read and verified anew; the others are
  /// shared with this one. Error{model}.
  [[nodiscard]] Bundle with_own(const std::set<std::string_view>& parts) const;

  /// The same bundle without `parts`, whose calls must not be made.
  [[nodiscard]] Bundle without(const std::set<std::string_view>& parts) const;

  /// Writes a bundle with the weights as they are now into `folder`, which must not exist:
  /// floating-point weights in `dtype`, the rest of the manifest as it was. Whole or not at all.
  /// Error{file} when it exists or cannot be written.
  void write(const fs::path& folder, torch::Dtype dtype, const BundleOrigin& origin) const;

  [[nodiscard]] const Manifest& manifest() const;
  [[nodiscard]] const Placement& placement() const;

 private:
  [[nodiscard]] const Module& module(std::string_view part) const;
  void load(const std::set<std::string_view>& parts, const std::vector<BundleFile>& verified);

  Manifest manifest_;
  Placement placement_;
  std::map<std::string, std::shared_ptr<const Module>, std::less<>> modules_;
};

}  // namespace ip2p
