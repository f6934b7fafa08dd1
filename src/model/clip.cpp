// clip.cpp - the contract of models/README.md for CLIP bundles, call by call.
#include "ip2p/model/clip.h"

#include <vector>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/image/centre_square.h"
#include "ip2p/model/token_ids.h"

#include "load_verified.h"
#include "module.h"
#include "shape.h"

namespace ip2p {
namespace {

/// (1,3,1,1), to be taken from each channel or to divide it by.
torch::Tensor of_channels(const std::array<double, 3>& numbers) {
  const std::vector<double> all(numbers.begin(), numbers.end());
  return torch::tensor(all, torch::kFloat32).view({1, 3, 1, 1});
}

}  // namespace

Clip::Clip(const fs::path& folder, const Placement& placement)
    : manifest_(read_clip_manifest(folder)), placement_(placement) {
  std::vector<BundleFile> files;
  for (const auto& [part, file] : manifest_.files) files.push_back(file);
  load_verified(files, [&] {
    tokenizer_ =
        std::make_shared<const Tokenizer>(manifest_.file("tokenizer").path, manifest_.text);
    image_ = std::make_shared<const Module>(manifest_.file("image"), placement_);
    text_ = std::make_shared<const Module>(manifest_.file("text"), placement_);
  });
}

torch::Tensor Clip::pixels(const Image& picture) const {
  const auto [size, mean, std] = manifest_.image;
  const Image square = centre_square(picture, static_cast<int>(size));
  const torch::Tensor bytes =
      torch::tensor(at::ArrayRef<std::uint8_t>(square.rgb), torch::kUInt8).view({size, size, 3});
  // 255ths are made in double and rounded once, as the processor does it.
  const torch::Tensor unit = (bytes.to(torch::kFloat64) * (1.0 / 255)).to(torch::kFloat32);
  return (unit.permute({2, 0, 1}).unsqueeze(0) - of_channels(mean)) / of_channels(std);
}

torch::Tensor Clip::tokens(const std::string& words) const {
  const Tokens tokens = tokenizer_->encode(words);
  if (!tokens.dropped.empty())
    log::warn(text("CLIP takes ", tokens.ids.size(), " tokens of \"", words, "\"; left out: \"",
                   tokens.dropped, "\""));
  return checked_ids(tokens, manifest_.vocabulary, manifest_.file("tokenizer"));
}

torch::Tensor Clip::encode_pictures(const torch::Tensor& pixels) const {
  const std::int64_t side = manifest_.image.size;
  expect_shape(pixels, {any_size, 3, side, side}, "pixels", clip_bundle.manifest);
  const torch::Tensor embeddings = (*image_)({pixels.to(placement_.device, placement_.dtype)});
  expect_shape(embeddings, {pixels.size(0), manifest_.embedding_width}, "clip_image.pt's output",
               clip_bundle.manifest);
  return embeddings.to(torch::kFloat32);
}

torch::Tensor Clip::encode_texts(const torch::Tensor& tokens) const {
  expect_shape(tokens, {any_size, manifest_.text.length}, "token ids", clip_bundle.manifest);
  const torch::Tensor embeddings = (*text_)({tokens.to(placement_.device)});
  expect_shape(embeddings, {tokens.size(0), manifest_.embedding_width}, "clip_text.pt's output",
               clip_bundle.manifest);
  return embeddings.to(torch::kFloat32);
}

}  // namespace ip2p
