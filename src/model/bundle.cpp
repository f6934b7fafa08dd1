// bundle.cpp - the contract of models/README.md, call by call.
#include "ip2p/model/bundle.h"

#include <array>
#include <utility>
#include <vector>

#include "ip2p/base/error.h"

#include "load_verified.h"
#include "module.h"
#include "rewrite_check.h"
#include "rewrite_graph.h"
#include "shape.h"

namespace ip2p {

Bundle::Bundle(const fs::path& folder, const Placement& placement)
    : Bundle(folder, placement, {module_parts.begin(), module_parts.end()}) {}

Bundle::Bundle(const fs::path& folder, const Placement& placement,
               const std::set<std::string_view>& parts)
    : manifest_(read_manifest(folder)), placement_(placement) {
  std::vector<BundleFile> files;
  for (const auto& [part, file] : manifest_.files) files.push_back(file);
  load(parts, files);
}

// Rewriting folds constants, which runs some of the archive's code: it waits until the files are
// verified.
void Bundle::load(const std::set<std::string_view>& parts,
                  const std::vector<BundleFile>& verified) {
  std::map<std::string_view, std::shared_ptr<Module>> loaded;
  load_verified(verified, [&] {
    for (const std::string_view part : module_parts)
      if (parts.contains(part))
        loaded.emplace(part, std::make_shared<Module>(manifest_.file(part), placement_));
  });
  for (const auto& [part, module] : loaded) {
    if (rewrites_pay(placement_)) rewrite_checked(*module, part, manifest_, placement_);
    modules_.insert_or_assign(std::string(part), module);
  }
}

Bundle Bundle::with_own(const std::set<std::string_view>& parts) const {
  Bundle other = *this;
  std::vector<BundleFile> files;
  for (const std::string_view part : parts) files.push_back(manifest_.file(part));
  other.load(parts, files);
  return other;
}

Bundle Bundle::without(const std::set<std::string_view>& parts) const {
  Bundle other = *this;
  for (const std::string_view part : parts) other.modules_.erase(std::string(part));
  return other;
}

const Module& Bundle::module(std::string_view part) const {
  return *modules_.find(part)->second;
}

Bundle::Bundle(const Bundle&) = default;
Bundle& Bundle::operator=(const Bundle&) = default;
Bundle::Bundle(Bundle&&) noexcept = default;
Bundle& Bundle::operator=(Bundle&&) noexcept = default;
Bundle::~Bundle() = default;

const Manifest& Bundle::manifest() const {
  return manifest_;
}
const Placement& Bundle::placement() const {
  return placement_;
}

Tensor Bundle::encode_text(const Tensor& tokens) const {
  expect_shape(tokens, {any_size, manifest_.text.length}, "token ids");
  Tensor context = module("text_encoder")({tokens.to(placement_.device)});
  expect_shape(context, {tokens.size(0), manifest_.text.length, manifest_.context_width},
               "text_encoder.pt's output");
  return context.to(torch::kFloat32);
}

Tensor Bundle::encode_image(const Tensor& pixels) const {
  expect_shape(pixels, {any_size, 3, any_size, any_size}, "pixels");
  const LatentSpec& spec = manifest_.latent;
  Tensor latent = module("vae_encoder")({pixels.to(placement_.device, placement_.dtype)});
  expect_shape(latent,
               {pixels.size(0), spec.channels, pixels.size(2) / spec.pixels_per_latent,
                pixels.size(3) / spec.pixels_per_latent},
               "vae_encoder.pt's output");
  return latent.to(torch::kFloat32) * spec.image_scale;
}

Tensor Bundle::predict(const Tensor& sample, const Tensor& timestep, const Tensor& context) const {
  const std::int64_t channels = manifest_.latent.channels;
  expect_shape(sample, {any_size, 2 * channels, any_size, any_size}, "the UNet's sample");
  Tensor predicted = module("unet")({sample.to(placement_.device, placement_.dtype),
                                     timestep.to(placement_.device, torch::kFloat32),
                                     context.to(placement_.device, placement_.dtype)});
  expect_shape(predicted, {sample.size(0), channels, sample.size(2), sample.size(3)},
               "unet.pt's output");
  return predicted.to(torch::kFloat32);
}

Tensor Bundle::decode(const Tensor& latent) const {
  const LatentSpec& spec = manifest_.latent;
  expect_shape(latent, {any_size, spec.channels, any_size, any_size}, "the latent");
  const Tensor unscaled = latent / spec.scale + spec.shift;
  Tensor pixels = module("vae_decoder")({unscaled.to(placement_.device, placement_.dtype)});
  expect_shape(pixels,
               {latent.size(0), 3, latent.size(2) * spec.pixels_per_latent,
                latent.size(3) * spec.pixels_per_latent},
               "vae_decoder.pt's output");
  return pixels.to(torch::kFloat32);
}

NamedTensors Bundle::parameters(std::string_view part) const {
  return module(part).parameters();
}

}  // namespace ip2p
