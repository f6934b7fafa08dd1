// gathered_convolution.cpp - channels-last pictures, so that what lies under one weight of the
// filter is one run of memory.
#include "ip2p/kernels/gathered_convolution.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/torch.h>

namespace ip2p {
namespace {

/// What is gathered at a time.
constexpr std::int64_t most_bytes = 64 << 20;

struct Shape {
  std::int64_t height, width;  ///< of the input
  std::int64_t channels;
  std::int64_t rows, columns;  ///< of the output
};

/// Whether nobody else could see it change: libtorch's own memory (not a file's), in one tensor.
bool is_ours(const Tensor& tensor) {
  return tensor.is_contiguous() && tensor.use_count() == 1 && tensor.storage().resizable() &&
         tensor.storage().use_count() == 1;
}

/// (O,I,kh,kw) -> (O,kh·kw·I), in place where that can be: new memory for the weights of a large
/// model takes longer to get than to fill.
Tensor in_gathered_order(Tensor weight) {
  const std::int64_t rows = weight.size(0);
  const std::int64_t channels = weight.size(1);
  const std::int64_t length = weight.size(2) * weight.size(3);
  if (length == 1 || !is_ours(weight))
    return weight.permute({0, 2, 3, 1}).reshape({rows, -1}).contiguous();
  float* const values = weight.data_ptr<float>();
  at::parallel_for(0, rows, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<float> row(static_cast<std::size_t>(channels * length));
    for (std::int64_t o = first; o < last; ++o) {
      float* const start = values + o * channels * length;
      std::memcpy(row.data(), start, row.size() * sizeof(float));
      const float* from = row.data();
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t i = 0; i < length; ++i) start[i * channels + c] = *from++;
    }
  });
  return weight.view({rows, -1});
}

}  // namespace

GatheredConvolution::GatheredConvolution(Tensor weight, const Tensor& bias, Layout layout)
    : layout_(layout),
      down_(weight.size(2)),
      across_(weight.size(3)),
      weight_(in_gathered_order(std::move(weight))),
      bias_(bias) {}

Tensor GatheredConvolution::operator()(const Tensor& input) const {
  TORCH_CHECK(input.dim() == 4 && input.size(1) * down_ * across_ == weight_.size(1) &&
                  input.size(2) + 2 * layout_.padding[0] >= down_ &&
                  input.size(3) + 2 * layout_.padding[1] >= across_ && input.is_cpu() &&
                  input.scalar_type() == torch::kFloat32,
              "expected pictures (B,", weight_.size(1) / (down_ * across_), ",H,W) of at least ",
              down_, "x", across_, " with their padding, in float32 on the CPU, got ",
              input.sizes(), " ", input.scalar_type());
  const Tensor pictures = input.contiguous(torch::MemoryFormat::ChannelsLast);
  const std::int64_t out = weight_.size(0);
  const Shape shape{
      .height = input.size(2),
      .width = input.size(3),
      .channels = input.size(1),
      .rows = (input.size(2) + 2 * layout_.padding[0] - down_) / layout_.stride[0] + 1,
      .columns = (input.size(3) + 2 * layout_.padding[1] - across_) / layout_.stride[1] + 1};
  const std::int64_t outputs = input.size(0) * shape.rows * shape.columns;
  Tensor result = torch::empty({input.size(0), shape.rows, shape.columns, out}, input.options());
  const auto multiply = [&](const Tensor& gathered, std::int64_t begin) {
    Tensor into = result.view({outputs, out}).narrow(0, begin, gathered.size(0));
    if (bias_.defined())
      at::addmm_out(into, bias_, gathered, weight_.t());
    else
      at::mm_out(into, gathered, weight_.t());
  };

  if (weight_.size(1) == shape.channels && layout_.stride == std::array<std::int64_t, 2>{1, 1} &&
      layout_.padding == std::array<std::int64_t, 2>{0, 0}) {
    multiply(pictures.permute({0, 2, 3, 1}).reshape({outputs, shape.channels}), 0);
    return result.permute({0, 3, 1, 2});
  }

  const std::int64_t length = weight_.size(1);
  const std::int64_t most =
      std::max<std::int64_t>(1, most_bytes / (length * std::int64_t{sizeof(float)}));
  const float* const from = pictures.const_data_ptr<float>();
  const std::size_t run = static_cast<std::size_t>(shape.channels) * sizeof(float);
  for (std::int64_t begin = 0; begin < outputs; begin += most) {
    const std::int64_t end = std::min(begin + most, outputs);
    const Tensor gathered = torch::empty({end - begin, length}, input.options());
    float* const to = gathered.data_ptr<float>();
    at::parallel_for(begin, end, 8, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t output = first; output < last; ++output) {
        const std::int64_t picture = output / (shape.rows * shape.columns);
        const std::int64_t top =
            output / shape.columns % shape.rows * layout_.stride[0] - layout_.padding[0];
        const std::int64_t left = output % shape.columns * layout_.stride[1] - layout_.padding[1];
        float* next = to + (output - begin) * length;
        for (std::int64_t y = top; y < top + down_; ++y)
          for (std::int64_t x = left; x < left + across_; ++x, next += shape.channels)
            if (y < 0 || y >= shape.height || x < 0 || x >= shape.width)
              std::memset(next, 0, run);
            else
              std::memcpy(next,
                          from + ((picture * shape.height + y) * shape.width + x) * shape.channels,
                          run);
      }
    });
    multiply(gathered, begin);
  }
  return result.permute({0, 3, 1, 2});
}

}  // namespace ip2p
