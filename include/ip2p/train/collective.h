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

/// What this process is part of. mpirun's variables (OMPI_COMM_WORLD_SIZE, PMI_SIZE) mean MPI,
/// which goes through main memory whatever the device; torchrun's (RANK, WORLD_SIZE, MASTER_ADDR,
/// MASTER_PORT) and srun's (SLURM_PROCID, SLURM_STEP_NUM_TASKS, with MASTER_ADDR and MASTER_PORT
/// set by the caller) with a CUDA device NCCL; srun's with a CPU MPI (srun --mpi=pmix); none of
/// them, or a world of one, one process alone. `device` is this process's own: no two on a machine
/// may share a GPU. Error{usage} when several processes were started and what they need is missing.
std::unique_ptr<Collective> join_processes(const torch::Device& device);

}  // namespace ip2p
