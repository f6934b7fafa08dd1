// nccl_collective.h - a Collective of processes on GPUs, as the library beside the program offers
// it.
//
// libtorch's NCCL is in its CUDA library, which the program opens only where a driver is. So
// libip2p_nccl.so (nccl_module.cpp) links that, and is itself opened only for a CUDA device.
#pragma once

#include <torch/types.h>

#include "ip2p/train/collective.h"

#include "launch.h"

namespace ip2p {

/// The module's one function. The caller owns what it returns. `device` is this process's own.
/// Error{usage} when MASTER_ADDR or MASTER_PORT is missing, Error{device} when the processes do not
/// meet.
extern "C" using JoinNccl = Collective * (const Launch& launch, const torch::Device& device);
constexpr auto nccl_library = "libip2p_nccl.so";
constexpr auto join_nccl_name = "ip2p_join_nccl";

}  // namespace ip2p
