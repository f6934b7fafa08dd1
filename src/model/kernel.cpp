// kernel.cpp - one operator for all kernels: its node carries the object that it calls.
#include "kernel.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <torch/csrc/jit/runtime/custom_operator.h>

namespace ip2p {
namespace {

using torch::jit::Node;
using torch::jit::Stack;

c10::Symbol kernel_symbol() {
  static const c10::Symbol symbol = c10::Symbol::fromQualString("ip2p::kernel");
  return symbol;
}

torch::jit::Operation operation(const Node* node) {
  const c10::intrusive_ptr<torch::CustomClassHolder> held =
      node->ival(c10::attr::value).toCapsule();
  const std::size_t count = node->inputs().size();
  return [held, count](Stack& stack) {
    std::vector<torch::Tensor> inputs;
    inputs.reserve(count);
    for (const torch::jit::IValue& each : torch::jit::last(stack, count))
      inputs.push_back(each.toTensor());
    torch::jit::drop(stack, count);
    torch::jit::push(stack, static_cast<const Kernel&>(*held)(inputs));
  };
}

/// libtorch keeps what it was given for as long as it lives.
void register_operator() {
  static const torch::jit::RegisterOperators registered(
      {torch::jit::Operator(kernel_symbol(), operation, c10::AliasAnalysisKind::PURE_FUNCTION)});
}

void destroy_if_unused(Node* node) {
  if (node->kind() == c10::prim::Constant && !node->hasUses()) node->destroy();
}

}  // namespace

void replace_by_kernel(Node* node, at::ArrayRef<torch::jit::Value*> inputs,
                       const std::function<c10::intrusive_ptr<Kernel>()>& make) {
  register_operator();
  torch::jit::Graph& graph = *node->owningGraph();
  Node* const made = graph.create(kernel_symbol(), inputs);
  made->output()->setType(node->output()->type());
  made->insertBefore(node);
  node->output()->replaceAllUsesWith(made->output());
  std::vector<Node*> givers;
  for (torch::jit::Value* input : node->inputs())
    if (std::ranges::find(givers, input->node()) == givers.end()) givers.push_back(input->node());
  node->destroy();
  for (Node* giver : givers) destroy_if_unused(giver);
  made->ival_(c10::attr::value, c10::IValue::make_capsule(make()));
}

}  // namespace ip2p
