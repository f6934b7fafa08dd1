// editor.cpp - follow a picture through `edit`, top to bottom.
#include "ip2p/edit/editor.h"

#include <array>
#include <cmath>
#include <mutex>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/lru_cache.h"
#include "ip2p/diffusion/denoiser.h"
#include "ip2p/diffusion/guidance.h"
#include "ip2p/diffusion/noise.h"
#include "ip2p/diffusion/samplers.h"
#include "ip2p/image/tensor.h"
#include "ip2p/model/bundle.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/model/token_ids.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

/// What edits are conditioned on, kept while edits follow each other.
struct KnownConditions {
  LruCache<Tensor> texts{256};  ///< by instruction, (1,T,D)
  LruCache<Tensor> images{8};   ///< by EditItem::input_key, (1,C,h,w)
  std::mutex mutex;
};

struct Editor::Parts {
  Parts(Bundle given, Tokenizer words) : bundle(std::move(given)), tokenizer(std::move(words)) {}

  [[nodiscard]] Tensor encode_text(const std::string& instruction) const;
  [[nodiscard]] Conditioning conditions(std::span<const EditItem> items,
                                        KnownConditions& known) const;
  [[nodiscard]] std::vector<Image> edit(std::span<const EditItem> items, KnownConditions& known,
                                        const EditObserver& observe) const;

  Bundle bundle;
  Tokenizer tokenizer;
  mutable KnownConditions known;  ///< of edit_together
};

namespace {

/// Items that are edited together go through the same steps.
void check_alike(std::span<const EditItem> items) {
  const EditOptions& first = items.front().request.options;
  for (const EditItem& item : items) {
    const EditOptions& other = item.request.options;
    if (item.input.sizes.model != items.front().input.sizes.model ||
        other.sampler != first.sampler || other.steps != first.steps ||
        other.cfg_text != first.cfg_text || other.cfg_image != first.cfg_image)
      throw Error(Exit::bug, "pictures of different sizes or options were to be edited together");
  }
}

/// Numbers beyond what the dtype holds become infinities and then a black picture: that is no
/// result.
void check_finite(const Tensor& values, const std::string& what, const Placement& placement) {
  if (torch::isfinite(values).all().item<bool>()) return;
  std::string advice = "try --dtype float32";
  if (placement.dtype == torch::kFloat16) advice += " or bfloat16";
  if (placement.dtype == torch::kFloat32) advice = "try another --sampler or a lower --cfg-text";
  throw Error(Exit::device, text(what, " has values that are not finite in ",
                                 dtype_name(placement.dtype), "; ", advice));
}

}  // namespace

Tensor Editor::Parts::encode_text(const std::string& instruction) const {
  return bundle.encode_text(token_ids(tokenizer, instruction, bundle.manifest()));
}

// The VAE and the text encoder see one item at a time, so that an item's conditions, and memory, do
// not depend on what is edited beside it.
Conditioning Editor::Parts::conditions(std::span<const EditItem> items,
                                       KnownConditions& seen) const {
  const std::lock_guard lock(seen.mutex);
  std::vector<Tensor> images;
  std::vector<Tensor> texts;
  for (const EditItem& item : items) {
    const auto encode = [&] { return bundle.encode_image(to_tensor(item.input.picture)); };
    images.push_back(item.input_key.empty() ? encode() : seen.images.get(item.input_key, encode));
    const std::string& words = item.request.instruction;
    texts.push_back(seen.texts.get(words, [&] { return encode_text(words); }));
  }
  return {.image = torch::cat(images),
          .text = torch::cat(texts),
          .null_text = seen.texts.get("", [&] { return encode_text(""); })};
}

std::vector<Image> Editor::Parts::edit(std::span<const EditItem> items, KnownConditions& seen,
                                       const EditObserver& observe) const {
  const c10::InferenceMode inference;
  const auto done = [&](std::string_view stage) {
    if (observe.stage_done) observe.stage_done(stage);
  };
  const NoiseSpec& training = bundle.manifest().noise;
  const EditOptions& options = items.front().request.options;

  // what the UNet is conditioned on: B pictures and instructions
  const Conditioning conditioning = conditions(items, seen);  // (B,C,h,w), (B,T,D), (1,T,D)
  const Network network = [this](const auto&... inputs) { return bundle.predict(inputs...); };
  const Predictor predict = guided_predictor(
      network, conditioning, {.text = *options.cfg_text, .image = *options.cfg_image});
  done("encode");

  // walk from noise to latents
  std::vector<std::uint64_t> seeds;
  for (const EditItem& item : items) seeds.push_back(*item.request.options.seed);
  const Sampler& sampler = find_sampler(*options.sampler);
  const NoiseLevels levels = noise_levels(training, sampler.levels, *options.steps);
  const Denoiser denoise = make_denoiser(predict, training.prediction, levels, observe.step);
  const NoiseSource noise = seeded_noise(seeds);
  const Tensor start = noise(conditioning.image) * levels.start_scale;
  const Tensor end = sampler.run(denoise, start, levels.sigmas, noise);
  const Tensor latents =
      end / std::hypot(1.0, levels.sigmas.back());  // a run may end above sigma 0
  check_finite(latents, "the sampled latent", bundle.placement());
  done("sample");

  // and back to pictures
  std::vector<Image> edited;
  for (const Tensor& latent : latents.split(1)) {
    const Tensor decoded = bundle.decode(latent);  // (1,3,H,W)
    check_finite(decoded, "the decoded picture", bundle.placement());
    edited.push_back(to_image(decoded));
  }
  done("decode");
  return edited;
}

Editor::Editor(const fs::path& bundle, const std::string& device, const std::string& dtype,
               const Rewrites& rewrites) {
  const Placement placement = place(device, dtype, rewrites);
  try {
    *this = Editor(Bundle(bundle, placement));
  } catch (...) {
    rethrow_compute_error(device_name(placement.device), text("loading ", bundle));
  }
}

Editor::Editor(Bundle bundle) {
  const Manifest& manifest = bundle.manifest();
  Tokenizer tokenizer(manifest.file("tokenizer").path, manifest.text);
  parts_ = std::make_unique<Parts>(std::move(bundle), std::move(tokenizer));
}

Editor::Editor(Editor&&) noexcept = default;
Editor& Editor::operator=(Editor&&) noexcept = default;
Editor::~Editor() = default;

Image Editor::edit(const Image& input, const EditRequest& request,
                   const EditObserver& observe) const {
  const Fitted fitted = fit(input, fit_rule(request.options, manifest()));
  const std::array items{EditItem{.input = fitted, .request = request}};
  KnownConditions nothing;  // the weights may have changed since the last edit
  try {
    const std::vector<Image> edited = parts_->edit(items, nothing, observe);
    return restore(edited.front(), fitted);
  } catch (...) {
    rethrow_compute_error(device(), text("editing a picture of ", input.width, "x", input.height));
  }
}

std::vector<Image> Editor::edit_together(std::span<const EditItem> items,
                                         const EditObserver& observe) const {
  if (items.empty()) return {};
  check_alike(items);
  const Size size = items.front().input.sizes.model;
  try {
    return parts_->edit(items, parts_->known, observe);
  } catch (...) {
    rethrow_compute_error(device(), text("editing ", items.size(), " pictures of ", size.width, "x",
                                         size.height, " together"));
  }
}

const Manifest& Editor::manifest() const {
  return parts_->bundle.manifest();
}
const Tokenizer& Editor::tokenizer() const {
  return parts_->tokenizer;
}
std::string Editor::device() const {
  return device_name(parts_->bundle.placement().device);
}
std::string Editor::dtype() const {
  return dtype_name(parts_->bundle.placement().dtype);
}

}  // namespace ip2p
