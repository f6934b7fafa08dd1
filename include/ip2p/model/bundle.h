// bundle.h - a model ready to run: four calls with checked shapes, on one device, in one precision.
#pragma once

#include <memory>

#include <torch/types.h>

#include "ip2p/model/manifest.h"
#include "ip2p/model/placement.h"

namespace ip2p {

using torch::Tensor;

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
  Bundle(Bundle&&) noexcept;
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

  [[nodiscard]] const Manifest& manifest() const;
  [[nodiscard]] const Placement& placement() const;

 private:
  struct Modules;
  Manifest manifest_;
  Placement placement_;
  std::unique_ptr<Modules> modules_;
};

}  // namespace ip2p
