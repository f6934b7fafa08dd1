// rewrite_graph.h - the rewrites, one function each, over a frozen graph: straight, its weights
// constants.
#pragma once

#include <memory>

#include <torch/csrc/jit/ir/ir.h>

#include "ip2p/model/placement.h"

namespace ip2p {

/// How often a part of the bundle runs: what it costs to prepare must come back.
enum class Runs { once_an_edit, every_step };

/// Whether any of the placement's rewrites does something there.
bool rewrites_pay(const Placement& placement);

/// Does those of the placement's rewrites that pay there; says so in the debug log. Weights that a
/// rewrite has prepared anew are freed.
void rewrite_graph(torch::jit::Graph& graph, const Placement& placement, Runs runs);

/// aten::conv2d by Winograd's tiles or as one product (float32 on the CPU), or by oneDNN with
/// weights in its own order (bfloat16). How many there were.
int rewrite_convolutions(torch::jit::Graph& graph, const Placement& placement, Runs runs);

/// aten::linear by oneDNN with weights in its own order (bfloat16 on the CPU). How many there were.
int rewrite_linears(torch::jit::Graph& graph, const Placement& placement, Runs runs);

}  // namespace ip2p
