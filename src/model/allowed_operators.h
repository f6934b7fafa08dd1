// allowed_operators.h - what the code of a bundle may call.
#pragma once

#include <string_view>

namespace ip2p {

/// Whether a node of this kind ("aten::conv2d", "prim::Constant") only computes tensors from
/// tensors: it reads and writes no file, prints nothing, runs no foreign code.
bool is_allowed_operator(std::string_view kind);

}  // namespace ip2p
