// guidance.cpp - conditions are stacked once for the whole run; a step only repeats the noisy
// latent.
#include "ip2p/diffusion/guidance.h"

#include <utility>

#include <torch/torch.h>

namespace ip2p {
namespace {

/// The branches that count, stacked: n branches of B items each, branch by branch.
struct Stacked {
  std::vector<double> weights;  ///< n
  Tensor image;                 ///< (n*B,C,h,w)
  Tensor context;               ///< (n*B,T,D)
};

Stacked stack(const Conditioning& conditioning, const GuidanceScales& scales) {
  const Tensor& image = conditioning.image;
  const Tensor no_image = torch::zeros_like(image);
  const Tensor no_text = conditioning.null_text.expand_as(conditioning.text);
  const std::array<std::pair<Tensor, Tensor>, 3> conditions{
      std::pair(no_image, no_text), std::pair(image, no_text), std::pair(image, conditioning.text)};

  const std::array<double, 3> weights = branch_weights(scales);
  Stacked stacked;
  std::vector<Tensor> images;
  std::vector<Tensor> contexts;
  for (std::size_t branch = 0; branch < weights.size(); ++branch) {
    if (weights.at(branch) == 0.0) continue;
    stacked.weights.push_back(weights.at(branch));
    images.push_back(conditions.at(branch).first);
    contexts.push_back(conditions.at(branch).second);
  }
  stacked.image = torch::cat(images);
  stacked.context = torch::cat(contexts);
  return stacked;
}

}  // namespace

std::array<double, 3> branch_weights(const GuidanceScales& scales) {
  return {1 - scales.image, scales.image - scales.text, scales.text};
}

Predictor guided_predictor(Network network, const Conditioning& conditioning,
                           const GuidanceScales& scales) {
  return [network = std::move(network), stacked = stack(conditioning, scales)](const Tensor& scaled,
                                                                               double timestep) {
    const std::int64_t branches = std::ssize(stacked.weights);
    const Tensor sample = torch::cat({scaled.repeat({branches, 1, 1, 1}), stacked.image}, 1);
    const Tensor timesteps = torch::full({sample.size(0)}, timestep, scaled.options());
    const std::vector<Tensor> predictions =
        network(sample, timesteps, stacked.context).chunk(branches);

    Tensor guided = predictions.front() * stacked.weights.front();
    for (std::size_t branch = 1; branch < predictions.size(); ++branch)
      guided = guided + predictions[branch] * stacked.weights[branch];
    return guided;
  };
}

}  // namespace ip2p
