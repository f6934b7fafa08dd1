// collective.h - several processes that train one model: the few things they do together.
#pragma once

#include <memory>

#include <torch/types.h>

#include "ip2p/train/optimizer.h"

namespace ip2p {

class Collective {
 public:
  virtual ~Collective() = default;

  [[nodiscard]] virtual std::uint64_t rank() const = 0;
  [[nodiscard]] virtual std::uint64_t world() const = 0;

  /// Replaces every tensor by the mean over the processes. All processes call it with the same
  /// shapes in the same order; the tensors are contiguous float32 (or are flattened into one buffer
  /// inside). Error{device} when a process is lost.
  virtual void average(const std::vector<torch::Tensor>& tensors) = 0;

  /// Replaces every tensor by process 0's.
  virtual void broadcast(const std::vector<torch::Tensor>& tensors) = 0;

  /// Returns when all processes are here.
  virtual void wait() = 0;
};

/// What this process is part of: torchrun's and srun's variables (RANK, WORLD_SIZE, MASTER_ADDR,
/// MASTER_PORT, LOCAL_RANK, or SLURM_PROCID, SLURM_NTASKS, SLURM_LOCALID) with a CUDA device mean
/// NCCL, mpirun's (OMPI_COMM_WORLD_SIZE, PMI_SIZE) MPI, none of them one process alone.
/// Error{usage} when several processes were started and this build lacks what they need.
std::unique_ptr<Collective> join_processes(const torch::Device& device);

}  // namespace ip2p
