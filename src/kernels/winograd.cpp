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

/// G of Lavin and Gray: (m+2,3).
Tensor weight_transform(int tile) {
  if (tile == 2)
    return torch::tensor({1.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.0, 0.0, 1.0},
                         torch::kFloat64)
        .view({4, 3});
  return torch::tensor(
             {1.0 / 4, 0.0, 0.0, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6,
              1.0 / 24, 1.0 / 12, 1.0 / 6, 1.0 / 24, -1.0 / 12, 1.0 / 6, 0.0, 0.0, 1.0},
             torch::kFloat64)
      .view({6, 3});
}

// So many that the weights are not read again for every few, and that what is between the
// transforms stays small beside them.
constexpr std::int64_t tiles_at_a_time = 1024;

}  // namespace

bool WinogradConvolution::takes(const Tensor& weight) {
  return weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 &&
         weight.size(0) % winograd_lanes == 0 && weight.size(1) % winograd_lanes == 0;
}

WinogradConvolution::WinogradConvolution(const Tensor& weight, const Tensor& bias, int tile)
    : tile_(tile) {
  const std::int64_t out = weight.size(0);
  const std::int64_t in = weight.size(1);
  const Tensor g = weight_transform(tile);
  const Tensor filters = weight.reshape({out * in, 9}).to(torch::kFloat64);
  const Tensor transformed = torch::mm(torch::kron(g, g), filters.t());  // G f G^T, as one product
  weight_ = transformed.view({-1, out, in}).transpose(1, 2).to(torch::kFloat32).contiguous();
  bias_ = bias.defined() ? bias.contiguous() : torch::zeros({out});
}

Tensor WinogradConvolution::operator()(const Tensor& input) const {
  TORCH_CHECK(input.dim() == 4 && input.size(1) == weight_.size(1) && input.is_cpu() &&
                  input.scalar_type() == torch::kFloat32,
              "expected pictures (B,", weight_.size(1), ",H,W) in float32 on the CPU, got ",
              input.sizes(), " ", input.scalar_type());
  const Tensor pictures = input.contiguous(torch::MemoryFormat::ChannelsLast);
  const std::int64_t in = weight_.size(1);
  const std::int64_t out = weight_.size(2);
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
  for (std::int64_t begin = 0; begin < tiles; begin += tiles_at_a_time) {
    const std::int64_t end = std::min(begin + tiles_at_a_time, tiles);
    const std::int64_t count = end - begin;
    const Tensor stack = torch::empty({planes, count, in}, zeros.options());
    at::parallel_for(begin, end, 4, [&](std::int64_t first, std::int64_t last) {
      transforms.inputs(grid, pictures.const_data_ptr<float>(), in, zeros.const_data_ptr<float>(),
                        first, last, begin, count, stack.data_ptr<float>());
    });
    const Tensor products = torch::bmm(stack, weight_);
    at::parallel_for(begin, end, 4, [&](std::int64_t first, std::int64_t last) {
      transforms.outputs(grid, products.const_data_ptr<float>(), out, bias_.const_data_ptr<float>(),
                         first, last, begin, count, result.data_ptr<float>());
    });
  }
  return result;
}

}  // namespace ip2p
