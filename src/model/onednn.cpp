// onednn.cpp - libtorch keeps these operators for its own compiler: they are reached by name.
#include "onednn.h"

#include <utility>

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/runtime/operator.h>

namespace ip2p {
namespace {

using torch::Tensor;
using torch::jit::IValue;

Tensor call(const char* name, torch::jit::Stack arguments) {
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(arguments);
  return arguments.back().toTensor();
}

IValue optional(const Tensor& tensor) {
  return tensor.defined() ? IValue(tensor) : IValue();
}

c10::List<std::optional<at::Scalar>> no_scalars() {
  return c10::List<std::optional<at::Scalar>>();
}

const std::vector<std::int64_t> no_dilation{1, 1};

}  // namespace

bool has_bfloat16_products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

PackedConvolution::PackedConvolution(const Tensor& weight, Tensor bias,
                                     std::vector<std::int64_t> stride,
                                     std::vector<std::int64_t> padding)
    : weight_(call("mkldnn::_reorder_convolution_weight",
                   {weight, padding, stride, no_dilation, std::int64_t{1}, IValue()})),
      bias_(std::move(bias)),
      stride_(std::move(stride)),
      padding_(std::move(padding)) {}

Tensor PackedConvolution::operator()(const Tensor& input) const {
  return call("mkldnn::_convolution_pointwise",
              {input, weight_, optional(bias_), padding_, stride_, no_dilation, std::int64_t{1},
               "none", no_scalars(), IValue()});
}

PackedLinear::PackedLinear(const Tensor& weight, Tensor bias)
    : weight_(call("mkldnn::_reorder_linear_weight", {weight, IValue()})), bias_(std::move(bias)) {}

Tensor PackedLinear::operator()(const Tensor& input) const {
  return call("mkldnn::_linear_pointwise",
              {input, weight_, optional(bias_), "none", no_scalars(), IValue()});
}

}  // namespace ip2p
