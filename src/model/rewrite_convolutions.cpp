// rewrite_convolutions.cpp - which way a convolution goes is decided by its weights alone, so that
// a picture's size never brings another way, and other digits, with it.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>

#include "ip2p/kernels/gathered_convolution.h"
#include "ip2p/kernels/winograd.h"

#include "kernel.h"
#include "onednn.h"
#include "rewrite_graph.h"

namespace ip2p {
namespace {

using torch::Tensor;
using torch::jit::Node;

template <class Convolution>
struct ConvolutionKernel : Kernel {
  explicit ConvolutionKernel(Convolution made) : convolution(std::move(made)) {}
  Tensor operator()(std::span<const Tensor> inputs) const override {
    return convolution(inputs[0]);
  }
  Convolution convolution;
};

template <class Convolution>
c10::intrusive_ptr<Kernel> kernel_of(Convolution convolution) {
  return c10::make_intrusive<ConvolutionKernel<Convolution>>(std::move(convolution));
}

/// Of aten::conv2d(input, weight, bias, stride, padding, dilation, groups).
struct ConvolutionArguments {
  Tensor weight;
  Tensor bias;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> padding;
};

bool are_two(const c10::IValue& value, std::int64_t least) {
  if (!value.isIntList()) return false;  // one number for both, or "same" in words
  const std::vector<std::int64_t> numbers = value.toIntVector();
  return numbers.size() == 2 && std::ranges::min(numbers) >= least;
}

/// Of the form that exporters write, with weights that are known: anything else is left to the
/// archive.
std::optional<ConvolutionArguments> read(const Node& node, torch::ScalarType dtype) {
  std::array<std::optional<c10::IValue>, 7> values;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (!(values.at(i) = torch::jit::toIValue(node.input(i)))) return std::nullopt;
  const auto& [input, weight, bias, stride, padding, dilation, groups] = values;
  if (!are_two(*stride, 1) || !are_two(*padding, 0) || !are_two(*dilation, 1) ||
      std::ranges::max(dilation->toIntVector()) > 1 || groups->toInt() != 1)
    return std::nullopt;
  ConvolutionArguments arguments{.weight = weight->toTensor(),
                                 .bias = bias->isNone() ? Tensor() : bias->toTensor(),
                                 .stride = stride->toIntVector(),
                                 .padding = padding->toIntVector()};
  const bool is_known = arguments.weight.dim() == 4 && arguments.weight.numel() > 0 &&
                        arguments.weight.scalar_type() == dtype &&
                        (!arguments.bias.defined() || arguments.bias.scalar_type() == dtype);
  return is_known ? std::optional(std::move(arguments)) : std::nullopt;
}

// Transformed weights are larger (4 and 16/9 times), and those of the deep levels outnumber the
// pixels: there is the least to gain, and the most memory to lose. Bounds are those of Stable
// Diffusion 1.5's levels: up to 640 and 320 channels, up to 1920 and 640, above.
constexpr std::int64_t most_for_tiles_of_4 = 640 * 320;
constexpr std::int64_t most_for_tiles_of_2 = 1920 * 640;

// The first and last convolutions of a picture have three or four channels on one side: there is
// little to multiply and much to gather.
constexpr std::int64_t fewest_channels = 16;

enum class Way { archive, tiles_of_4, tiles_of_2, gathered };

Way way_in_float32(const ConvolutionArguments& arguments, Runs runs) {
  const std::vector<std::int64_t> ones{1, 1};
  const std::int64_t out = arguments.weight.size(0);
  const std::int64_t in = arguments.weight.size(1);
  if (std::min(in, out) < fewest_channels) return Way::archive;
  const bool tiled = WinogradConvolution::takes(arguments.weight) && arguments.stride == ones &&
                     arguments.padding == ones;
  if (tiled && in * out <= most_for_tiles_of_4) return Way::tiles_of_4;
  // What is gained once an edit is less than what it costs to prepare.
  if (runs == Runs::once_an_edit) return Way::archive;
  return tiled && in * out <= most_for_tiles_of_2 ? Way::tiles_of_2 : Way::gathered;
}

c10::intrusive_ptr<Kernel> in_float32(ConvolutionArguments arguments, Way way) {
  if (way == Way::gathered)
    return kernel_of(
        GatheredConvolution(std::move(arguments.weight), arguments.bias,
                            {.stride = {arguments.stride[0], arguments.stride[1]},
                             .padding = {arguments.padding[0], arguments.padding[1]}}));
  return kernel_of(
      WinogradConvolution(arguments.weight, arguments.bias, way == Way::tiles_of_4 ? 4 : 2));
}

c10::intrusive_ptr<Kernel> in_bfloat16(const ConvolutionArguments& arguments) {
  return kernel_of(
      PackedConvolution(arguments.weight, arguments.bias, arguments.stride, arguments.padding));
}

}  // namespace

int rewrite_convolutions(torch::jit::Graph& graph, const Placement& placement, Runs runs) {
  const bool exact = placement.dtype == torch::kFloat32;
  int count = 0;
  for (auto it = graph.nodes().begin(); it != graph.nodes().end();) {
    Node* const node = *it++;
    if (node->kind() != c10::aten::conv2d) continue;
    std::optional<ConvolutionArguments> arguments = read(*node, placement.dtype);
    if (!arguments) continue;
    const Way way = exact ? way_in_float32(*arguments, runs) : Way::archive;
    if (exact && way == Way::archive) continue;
    replace_by_kernel(node, {node->input(0)}, [&] {
      return exact ? in_float32(std::move(*arguments), way) : in_bfloat16(*arguments);
    });
    ++count;
  }
  return count;
}

}  // namespace ip2p
