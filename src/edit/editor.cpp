// editor.cpp - follow a picture through `edit`, top to bottom.
#include "ip2p/edit/editor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/diffusion/denoiser.h"
#include "ip2p/diffusion/guidance.h"
#include "ip2p/diffusion/noise.h"
#include "ip2p/diffusion/samplers.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/tensor.h"
#include "ip2p/model/bundle.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/text/tokenizer.h"

namespace ip2p {

struct Editor::Parts {
  Bundle bundle;
  Tokenizer tokenizer;

  [[nodiscard]] Image edit(const Image& input, const EditRequest& request,
                           const EditObserver& observe) const;
};

namespace {

/// The instruction and the empty one as token ids, (2,T).
Tensor token_ids(const Tokenizer& tokenizer, const std::string& instruction,
                 const Manifest& manifest) {
  const Tokens given = tokenizer.encode(instruction);
  const Tokens empty = tokenizer.encode("");
  // An id beyond the embedding would end in an error that names neither, on CUDA one that ends the
  // process.
  const auto largest = std::ranges::max(given.ids);
  if (largest >= manifest.vocabulary)
    throw Error(Exit::model, text(manifest.file("tokenizer").path, " gives the token ", largest,
                                  ", bundle.json says that there are ", manifest.vocabulary,
                                  "; export the bundle again"));
  return torch::stack({torch::tensor(given.ids), torch::tensor(empty.ids)});
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

Image Editor::Parts::edit(const Image& input, const EditRequest& request,
                          const EditObserver& observe) const {
  const c10::InferenceMode inference;
  const auto done = [&](std::string_view stage) {
    if (observe.stage_done) observe.stage_done(stage);
  };
  const NoiseSpec& training = bundle.manifest().noise;
  const EditOptions& options = request.options;

  // what the user gave us, as tensors
  const Fitted fitted = fit(input, fit_rule(options, bundle.manifest()));
  const Tensor pixels = to_tensor(fitted.picture);  // (1,3,H,W) in [-1,1]
  const std::vector<Tensor> text =
      bundle.encode_text(token_ids(tokenizer, request.instruction, bundle.manifest()))
          .split(1);  // 2 of (1,T,D)

  // what the UNet is conditioned on
  const Conditioning conditioning{
      .image = bundle.encode_image(pixels), .text = text[0], .null_text = text[1]};  // (1,C,h,w)
  const Network network = [this](const auto&... inputs) { return bundle.predict(inputs...); };
  const Predictor predict = guided_predictor(
      network, conditioning, {.text = *options.cfg_text, .image = *options.cfg_image});
  done("encode");

  // walk from noise to a latent
  const Sampler& sampler = find_sampler(*options.sampler);
  const NoiseLevels levels = noise_levels(training, sampler.levels, *options.steps);
  const Denoiser denoise = make_denoiser(predict, training.prediction, levels, observe.step);
  const NoiseSource noise = seeded_noise(std::array{*options.seed});
  const Tensor start = noise(conditioning.image) * levels.start_scale;
  const Tensor end = sampler.run(denoise, start, levels.sigmas, noise);
  const Tensor latent = end / std::hypot(1.0, levels.sigmas.back());  // a run may end above sigma 0
  check_finite(latent, "the sampled latent", bundle.placement());
  done("sample");

  // and back to a picture
  const Tensor decoded = bundle.decode(latent);
  check_finite(decoded, "the decoded picture", bundle.placement());
  Image edited = restore(to_image(decoded), fitted);
  done("decode");
  return edited;
}

Editor::Editor(const fs::path& bundle, const std::string& device, const std::string& dtype) {
  const Placement placement = place(device, dtype);
  try {
    *this = Editor(Bundle(bundle, placement));
  } catch (...) {
    rethrow_compute_error(device_name(placement.device), text("loading ", bundle));
  }
}

Editor::Editor(Bundle bundle) {
  const Manifest& manifest = bundle.manifest();
  Tokenizer tokenizer(manifest.file("tokenizer").path, manifest.text);
  parts_ = std::make_unique<Parts>(Parts{std::move(bundle), std::move(tokenizer)});
}

Editor::Editor(Editor&&) noexcept = default;
Editor& Editor::operator=(Editor&&) noexcept = default;
Editor::~Editor() = default;

Image Editor::edit(const Image& input, const EditRequest& request,
                   const EditObserver& observe) const {
  try {
    return parts_->edit(input, request, observe);
  } catch (...) {
    rethrow_compute_error(device(), text("editing a picture of ", input.width, "x", input.height));
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
