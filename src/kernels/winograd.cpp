// winograd.cpp - transform, multiply, transform back, so many tiles at a time.
#include "ip2p/kernels/winograd.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "winograd_transforms.h"

namespace ip2p {
namespace {

/// The processor does not change while the program runs: it is asked once.
const WinogradTransforms& transforms_for(int tile) {
#if defined(__x86_64__)
  static const WinogradTransforms* const best =
      __builtin_cpu_supports("avx512f") ? avx512::winograd_transforms
      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
          ? avx2::winograd_transforms
          : baseline::winograd_transforms;
#else
  static const WinogradTransforms* const best = baseline::winograd_transforms;
#endif
  return best[tile == 4 ? 1 : 0];
}

// So many that the weights are not read again for every few, and so few that what is between the
// transforms stays in the caches.
constexpr std::int64_t tiles_at_a_time = 512;

}  // namespace

bool WinogradConvolution::takes(const Tensor& weight) {
  return weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 &&
         weight.size(0) % winograd_lanes == 0 && weight.size(1) % winograd_lanes == 0;
}

WinogradConvolution::WinogradConvolution(const Tensor& weight, const Tensor& bias, int tile)
    : tile_(tile) {
  const std::int64_t out = weight.size(0);
  const std::int64_t in = weight.size(1);
  const Tensor filters = weight.contiguous();
  weight_ = torch::empty({(tile + 2) * (tile + 2), out, in});
  at::parallel_for(0, out, 1, [&](std::int64_t first, std::int64_t last) {
    transforms_for(tile).filters(filters.const_data_ptr<float>(), in, out, first, last,
                                 weight_.data_ptr<float>());
  });
  bias_ = bias.defined() ? bias.contiguous() : torch::zeros({out});
}

Tensor WinogradConvolution::operator()(const Tensor& input) const {
  TORCH_CHECK(input.dim() == 4 && input.size(1) == weight_.size(2) && input.is_cpu() &&
                  input.scalar_type() == torch::kFloat32,
              "expected pictures (B,", weight_.size(2), ",H,W) in float32 on the CPU, got ",
              input.sizes(), " ", input.scalar_type());
  const Tensor pictures = input.contiguous(torch::MemoryFormat::ChannelsLast);
  const std::int64_t in = weight_.size(2);
  const std::int64_t out = weight_.size(1);
  const TileGrid grid{.height = input.size(2),
                      .width = input.size(3),
                      .down = (input.size(2) + tile_ - 1) / tile_,
                      .across = (input.size(3) + tile_ - 1) / tile_};
  const WinogradTransforms& transforms = transforms_for(tile_);
  const std::int64_t planes = weight_.size(0);
  const std::int64_t tiles = input.size(0) * grid.down * grid.across;
  const Tensor zeros = torch::zeros({in});
  Tensor result = torch::empty({input.size(0), out, grid.height, grid.width},
                               input.options().memory_format(torch::MemoryFormat::ChannelsLast));
  // Memory that is asked for once: the system hands out new pages slowly.
  const std::int64_t most = std::min(tiles, tiles_at_a_time);
  const Tensor stacks = torch::empty({planes * most * in}, zeros.options());
  const Tensor products = torch::empty({planes * most * out}, zeros.options());
  const Tensor weights = weight_.transpose(1, 2);
  for (std::int64_t begin = 0; begin < tiles; begin += most) {
    const std::int64_t end = std::min(begin + most, tiles);
    const std::int64_t count = end - begin;
    const Tensor stack = stacks.narrow(0, 0, planes * count * in).view({planes, count, in});
    Tensor product = products.narrow(0, 0, planes * count * out).view({planes, count, out});
    at::parallel_for(begin, end, 4, [&](std::int64_t first, std::int64_t last) {
      transforms.inputs(grid, pictures.const_data_ptr<float>(), in, zeros.const_data_ptr<float>(),
                        first, last, begin, count, stack.data_ptr<float>());
    });
    at::bmm_out(product, stack, weights);
    at::parallel_for(begin, end, 4, [&](std::int64_t first, std::int64_t last) {
      transforms.outputs(grid, product.const_data_ptr<float>(), out, bias_.const_data_ptr<float>(),
                         first, last, begin, count, result.data_ptr<float>());
    });
  }
  return result;
}

}  // namespace ip2p
