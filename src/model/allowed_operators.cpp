// allowed_operators.cpp - the list: what a traced UNet, VAE or CLIP model consists of, and
// the arithmetic that a later exporter could reasonably use. What is not here is refused, whatever
// it does.
#include "allowed_operators.h"

#include <algorithm>
#include <array>

namespace ip2p {
namespace {

// Sorted, for the binary search.
constexpr std::array<std::string_view, 91> allowed{
    "aten::Int",
    "aten::ScalarImplicit",
    "aten::abs",
    "aten::add",
    "aten::add_",
    "aten::addmm",
    "aten::argmax",
    "aten::baddbmm",
    "aten::bmm",
    "aten::cat",
    "aten::chunk",
    "aten::clamp",
    "aten::clone",
    "aten::constant_pad_nd",
    "aten::contiguous",
    "aten::conv2d",
    "aten::cos",
    "aten::div",
    "aten::div_",
    "aten::embedding",
    "aten::eq",
    "aten::erf",
    "aten::exp",
    "aten::expand",
    "aten::expand_as",
    "aten::flatten",
    "aten::floor_divide",
    "aten::full",
    "aten::gather",
    "aten::ge",
    "aten::gelu",
    "aten::group_norm",
    "aten::gt",
    "aten::index",
    "aten::index_select",
    "aten::is_floating_point",
    "aten::layer_norm",
    "aten::le",
    "aten::leaky_relu",
    "aten::linear",
    "aten::log",
    "aten::lt",
    "aten::masked_fill",
    "aten::matmul",
    "aten::mean",
    "aten::mul",
    "aten::mul_",
    "aten::ne",
    "aten::neg",
    "aten::pad",
    "aten::permute",
    "aten::pow",
    "aten::reciprocal",
    "aten::relu",
    "aten::repeat",
    "aten::reshape",
    "aten::reshape_as",
    "aten::rsqrt",
    "aten::rsub",
    "aten::scaled_dot_product_attention",
    "aten::select",
    "aten::sigmoid",
    "aten::silu",
    "aten::sin",
    "aten::size",
    "aten::slice",
    "aten::softmax",
    "aten::split",
    "aten::sqrt",
    "aten::squeeze",
    "aten::stack",
    "aten::sub",
    "aten::sum",
    "aten::t",
    "aten::tanh",
    "aten::to",
    "aten::transpose",
    "aten::type_as",
    "aten::unflatten",
    "aten::unsqueeze",
    "aten::upsample_bilinear2d",
    "aten::upsample_nearest2d",
    "aten::view",
    "prim::Constant",
    "prim::GetAttr",
    "prim::If",
    "prim::ListConstruct",
    "prim::ListUnpack",
    "prim::NumToTensor",
    "prim::TupleConstruct",
    "prim::TupleUnpack",
};
static_assert(std::is_sorted(allowed.begin(), allowed.end()));

}  // namespace

bool is_allowed_operator(std::string_view kind) {
  return std::binary_search(allowed.begin(), allowed.end(), kind);
}

}  // namespace ip2p
