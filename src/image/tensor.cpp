// tensor.cpp - the arithmetic is diffusers' VaeImageProcessor's, in its order: one more rounding is
// one more pixel that differs.
#include "ip2p/image/tensor.h"

#include <algorithm>

#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p {

torch::Tensor to_tensor(const Image& image) {
  const torch::Tensor bytes = torch::tensor(at::ArrayRef<std::uint8_t>(image.rgb), torch::kUInt8)
                                  .view({image.height, image.width, 3});
  const torch::Tensor unit = bytes.permute({2, 0, 1}).unsqueeze(0).to(torch::kFloat32) / 255.0;
  return (unit * 2.0 - 1.0).contiguous();
}

Image to_image(const torch::Tensor& pixels) {
  if (pixels.dim() != 4 || pixels.size(0) != 1 || pixels.size(1) != 3)
    throw Error(Exit::bug, text("a picture has shape [1, 3, H, W], not ", pixels.sizes()));
  const torch::Tensor unit = (pixels.to(torch::kCPU, torch::kFloat32) / 2 + 0.5).clamp(0, 1);
  const torch::Tensor bytes =
      (unit * 255).round().to(torch::kUInt8).squeeze(0).permute({1, 2, 0}).contiguous();

  Image image;
  image.height = static_cast<int>(bytes.size(0));
  image.width = static_cast<int>(bytes.size(1));
  image.rgb.resize(static_cast<std::size_t>(bytes.numel()));
  std::copy_n(bytes.data_ptr<std::uint8_t>(), bytes.numel(), image.rgb.begin());
  return image;
}

}  // namespace ip2p
