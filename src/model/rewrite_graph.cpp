// rewrite_graph.cpp - the rewrites in their order, and where each pays.
#include "rewrite_graph.h"

#include <array>
#include <chrono>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

#include "onednn.h"

namespace ip2p {
namespace {

bool is_float32_on_cpu(const Placement& placement) {
  return placement.device.is_cpu() && placement.dtype == torch::kFloat32;
}

bool is_bfloat16_on_cpu(const Placement& placement) {
  return placement.device.is_cpu() && placement.dtype == torch::kBFloat16 &&
         has_bfloat16_products();
}

bool is_either(const Placement& placement) {
  return is_float32_on_cpu(placement) || is_bfloat16_on_cpu(placement);
}

struct Rewrite {
  bool (*pays)(const Placement& placement);
  int (*run)(torch::jit::Graph& graph, const Placement& placement, Runs runs);
};

// In the order of rewrite_names. Linear layers in float32: libtorch's own product is as fast (0.60
// and 0.65 s a step of Stable Diffusion 1.5 at 256x256 on two cores).
constexpr std::array all{Rewrite{is_either, rewrite_convolutions},
                         Rewrite{is_bfloat16_on_cpu, rewrite_linears}};
static_assert(all.size() == rewrite_names.size());

bool pays(std::size_t number, const Placement& placement) {
  return placement.rewrites.contains(rewrite_names.at(number)) && all.at(number).pays(placement);
}

}  // namespace

bool rewrites_pay(const Placement& placement) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (pays(i, placement)) return true;
  return false;
}

void rewrite_graph(torch::jit::Graph& graph, const Placement& placement, Runs runs) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!pays(i, placement)) continue;
    const auto start = std::chrono::steady_clock::now();
    const int count = all.at(i).run(graph, placement, runs);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    log::debug(text("rewrote ", count, " ", rewrite_names.at(i), " in ", taken.count(), " s"));
  }
}

}  // namespace ip2p
