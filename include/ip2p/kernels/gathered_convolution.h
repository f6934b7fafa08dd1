// gathered_convolution.h - convolutions with many channels and few pixels, as one product.
#pragma once

#include <array>

#include <torch/types.h>

namespace ip2p {

using torch::Tensor;

/// A convolution in float32 on the CPU: the inputs under the filter are gathered for every output,
/// a row of k·k·I numbers, and multiplied with the weights as one matrix. Where weights outnumber
/// pixels oneDNN's own reaches a third to a half of the speed of that product.
class GatheredConvolution {
 public:
  struct Layout {
    std::array<std::int64_t, 2> stride{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};  ///< zeros on each side
  };

  /// `weight` (O,I,kh,kw), `bias` (O) or undefined, both float32 on the CPU. A weight that nobody
  /// else holds gives its memory to the convolution.
  GatheredConvolution(Tensor weight, const Tensor& bias, Layout layout);

  /// (B,I,H,W) -> (B,O,H',W') in channels-last order, which the input may have too. c10::Error for
  /// any other shape.
  [[nodiscard]] Tensor operator()(const Tensor& input) const;

 private:
  Layout layout_;
  std::int64_t down_;    ///< the filter's height
  std::int64_t across_;  ///< and width
  Tensor weight_;        ///< (O,kh·kw·I)
  Tensor bias_;          ///< (O) or undefined
};

}  // namespace ip2p
