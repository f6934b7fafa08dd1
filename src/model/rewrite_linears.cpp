// rewrite_linears.cpp - linear layers whose weights oneDNN keeps in its own order.
#include <optional>
#include <utility>

#include <torch/csrc/jit/ir/constants.h>

#include "kernel.h"
#include "onednn.h"
#include "rewrite_graph.h"

namespace ip2p {
namespace {

using torch::Tensor;

struct LinearKernel : Kernel {
  explicit LinearKernel(PackedLinear made) : linear(std::move(made)) {}
  Tensor operator()(std::span<const Tensor> inputs) const override { return linear(inputs[0]); }
  PackedLinear linear;
};

}  // namespace

int rewrite_linears(torch::jit::Graph& graph, const Placement& placement, Runs /*runs*/) {
  int count = 0;
  for (auto it = graph.nodes().begin(); it != graph.nodes().end();) {
    torch::jit::Node* const node = *it++;
    if (node->kind() != c10::aten::linear) continue;
    const std::optional<c10::IValue> weight = torch::jit::toIValue(node->input(1));
    const std::optional<c10::IValue> bias = torch::jit::toIValue(node->input(2));
    if (!weight || !bias) continue;
    const Tensor matrix = weight->toTensor();
    if (matrix.dim() != 2 || matrix.numel() == 0 || matrix.scalar_type() != placement.dtype)
      continue;
    const Tensor shift = bias->isNone() ? Tensor() : bias->toTensor();
    replace_by_kernel(node, {node->input(0)}, [&] {
      return c10::make_intrusive<LinearKernel>(PackedLinear(matrix, shift));
    });
    ++count;
  }
  return count;
}

}  // namespace ip2p
