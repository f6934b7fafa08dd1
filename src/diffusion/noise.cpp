// noise.cpp - CPU generators behind a closure.
#include "ip2p/diffusion/noise.h"

#include <utility>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include "ip2p/base/error.h"

namespace ip2p {

NoiseSource seeded_noise(std::span<const std::uint64_t> seeds) {
  std::vector<at::Generator> generators;
  for (const std::uint64_t seed : seeds)
    generators.push_back(at::make_generator<at::CPUGeneratorImpl>(seed));

  return [generators = std::move(generators)](const Tensor& like) {
    if (like.size(0) != std::ssize(generators))
      throw Error(Exit::bug, text("noise for ", like.size(0), " items was asked of ",
                                  generators.size(), " generators"));
    auto item_shape = like.sizes().vec();
    item_shape.front() = 1;
    std::vector<Tensor> items;
    for (const at::Generator& generator : generators)
      items.push_back(torch::randn(item_shape, generator, torch::kFloat32));
    return torch::cat(items).to(like.device(), like.scalar_type());
  };
}

}  // namespace ip2p
