// collective.cpp - which processes this one belongs to.
#include "ip2p/train/collective.h"

#include <string>

#include <dlfcn.h>

#include "ip2p/base/error.h"

#include "launch.h"
#include "mpi_collective.h"
#include "nccl_collective.h"

namespace ip2p {
namespace {

/// One process: the mean is what it has.
class Alone : public Collective {
 public:
  [[nodiscard]] std::uint64_t rank() const override { return 0; }
  [[nodiscard]] std::uint64_t world() const override { return 1; }
  void average(const std::vector<torch::Tensor>& /*tensors*/) override {}
  void broadcast(const std::vector<torch::Tensor>& /*tensors*/) override {}
  void wait() override {}
};

/// A function of a library that is looked for where the program's own libraries are. It stays open:
/// MPI and CUDA do not survive being closed.
template <class Function>
Function* function_of(const char* library, const char* name, const Launch& launch) {
  // GLOBAL: MPI opens plug-ins that expect its names to be everybody's
  void* handle = ::dlopen(library, RTLD_NOW | RTLD_GLOBAL);
  void* function = handle == nullptr ? nullptr : ::dlsym(handle, name);
  if (function == nullptr)
    throw Error(Exit::usage, text(launch.world,
                                  " processes were started, and what they speak through cannot be "
                                  "loaded (",
                                  ::dlerror(), "); install what is missing, or start one process"));
  return reinterpret_cast<Function*>(function);
}

std::unique_ptr<Collective> join_mpi(const Launch& launch) {
  const auto join = function_of<JoinMpi>(mpi_library, join_mpi_name, launch);
  std::unique_ptr<MpiWorld> world(join());
  // An MPI of another make than the launcher's takes every process for the only one.
  if (world->size() != launch.world)
    throw Error(Exit::usage,
                text(launch.world, " processes were started, and MPI sees ", world->size(),
                     "; start them with OpenMPI's mpirun, or with srun --mpi=pmix"));
  return make_mpi_collective(std::move(world));
}

std::unique_ptr<Collective> join_nccl(const Launch& launch, const torch::Device& device) {
  const auto join = function_of<JoinNccl>(nccl_library, join_nccl_name, launch);
  return std::unique_ptr<Collective>(join(launch, device));
}

}  // namespace

std::unique_ptr<Collective> join_processes(const torch::Device& device) {
  const Launch launch = launch_from(process_environment());
  if (launch.launcher == Launcher::none) return std::make_unique<Alone>();
  if (launch.launcher == Launcher::mpirun) return join_mpi(launch);
  if (device.is_cuda()) return join_nccl(launch, device);
  if (launch.launcher == Launcher::srun) return join_mpi(launch);
  throw Error(Exit::usage, text(launch.world,
                                " processes were started by torchrun (WORLD_SIZE), which is for "
                                "GPUs, and the device is ",
                                device.str(), "; start them with mpirun"));
}

}  // namespace ip2p
