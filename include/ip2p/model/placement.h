// placement.h - where a model runs and in which precision, as libtorch has it.
#pragma once

#include <string>

#include <torch/types.h>

#include "ip2p/model/rewrites.h"

namespace ip2p {

/// Where a bundle's modules live, and how they compute.
struct Placement {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;
  Rewrites rewrites{};  ///< modules to be trained or saved have none
};

/// "auto", "cpu", "cuda" or "cuda:N", and a name of `dtype_names` (devices.h). Device auto is the
/// first GPU when CUDA can be used, else the CPU; dtype auto is float32 on the CPU and float16 on
/// CUDA. Loads CUDA when it is asked for or there. Error{device} lists what there is; Error{usage}
/// for a name that is none.
Placement place(const std::string& device, const std::string& dtype, Rewrites rewrites = {});

/// "cuda:0", "cpu".
std::string device_name(torch::Device device);
/// "float32", "bfloat16", "float16".
std::string dtype_name(torch::ScalarType dtype);

}  // namespace ip2p
