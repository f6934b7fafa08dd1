// named_tensors.h - weights, moments, averages: tensors in a fixed order, each with its name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

namespace ip2p {

/// The tensors are the owner's own: writing into them changes it.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

}  // namespace ip2p
