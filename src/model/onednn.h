// onednn.h - oneDNN's convolutions and linear layers with weights that were put in its own order
// once, where libtorch's public ones do it at every call.
#pragma once

#include <vector>

#include <torch/types.h>

namespace ip2p {

/// Whether this processor has bfloat16 products, without which oneDNN's are slower than libtorch's.
bool has_bfloat16_products();

/// A convolution without groups and dilation.
class PackedConvolution {
 public:
  /// `weight` (O,I,kh,kw), `bias` (O) or undefined, on the CPU.
  PackedConvolution(const torch::Tensor& weight, torch::Tensor bias,
                    std::vector<std::int64_t> stride, std::vector<std::int64_t> padding);
  /// (B,I,H,W) -> (B,O,H',W'), channels last.
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& input) const;

 private:
  torch::Tensor weight_;  ///< opaque
  torch::Tensor bias_;
  std::vector<std::int64_t> stride_;
  std::vector<std::int64_t> padding_;
};

class PackedLinear {
 public:
  /// `weight` (O,I), `bias` (O) or undefined, on the CPU.
  PackedLinear(const torch::Tensor& weight, torch::Tensor bias);
  /// (...,I) -> (...,O).
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& input) const;

 private:
  torch::Tensor weight_;  ///< opaque
  torch::Tensor bias_;
};

}  // namespace ip2p
