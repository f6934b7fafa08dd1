// kernel.h - a piece of an archive's graph that is computed in another way than the archive says.
#pragma once

#include <functional>
#include <span>

#include <torch/csrc/jit/ir/ir.h>
#include <torch/custom_class.h>

namespace ip2p {

/// A function of tensors, with what it has prepared of the weights. Concurrent calls are safe.
class Kernel : public torch::CustomClassHolder {
 public:
  [[nodiscard]] virtual torch::Tensor operator()(std::span<const torch::Tensor> inputs) const = 0;
};

/// Puts what `make` gives in the place of `node`, whose only output it makes out of `inputs`. The
/// node is destroyed before, and constants that nothing else uses with it: then `make` may hold the
/// last reference to a weight.
void replace_by_kernel(torch::jit::Node* node, at::ArrayRef<torch::jit::Value*> inputs,
                       const std::function<c10::intrusive_ptr<Kernel>()>& make);

}  // namespace ip2p
