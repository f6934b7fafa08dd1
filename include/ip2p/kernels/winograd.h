// winograd.h - 3x3 convolutions with a quarter to less than a half of the multiplications.
#pragma once

#include <torch/types.h>

namespace ip2p {

using torch::Tensor;

/// A 3x3 convolution of stride 1 inside a frame of one zero, in float32 on the CPU, by Winograd's
/// minimal filtering F(m x m, 3 x 3): tiles of (m+2)² inputs and the weights are transformed so
/// that m² outputs cost (m+2)² multiplications instead of 9 m² (Lavin and Gray 2016,
/// https://arxiv.org/abs/1509.09308, section 4). m = 2 needs 4/9 of them and 16/9 of the memory for
/// weights, m = 4 a quarter and four times the memory, and rounds some ten times as coarsely.
class WinogradConvolution {
 public:
  /// Whether there is such a way for a weight (O,I,3,3): I and O are multiples of 16.
  [[nodiscard]] static bool takes(const Tensor& weight);

  /// `weight` (O,I,3,3), `bias` (O) or undefined, both float32 on the CPU; `tile` is m, 2 or 4.
  WinogradConvolution(const Tensor& weight, const Tensor& bias, int tile);

  /// (B,I,H,W) -> (B,O,H,W) in channels-last order, which the input may have too. c10::Error for
  /// any other shape.
  [[nodiscard]] Tensor operator()(const Tensor& input) const;

 private:
  int tile_;
  Tensor weight_;  ///< ((m+2)²,O,I)
  Tensor bias_;    ///< (O)
};

}  // namespace ip2p
