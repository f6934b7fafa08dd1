// launch.cpp - the variables that mpirun, torchrun and srun set.
#include "launch.h"

#include <algorithm>
#include <charconv>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

std::optional<std::uint64_t> number(const Environment& environment, const char* name) {
  const std::optional<std::string> value = environment(name);
  if (!value) return std::nullopt;
  std::uint64_t parsed = 0;
  const char* end = value->data() + value->size();
  const auto [stopped, failed] = std::from_chars(value->data(), end, parsed);
  if (failed != std::errc() || stopped != end)
    throw Error(Exit::usage,
                text("the environment variable ", name, " is \"", *value, "\", expected a number"));
  return parsed;
}

std::uint64_t needed_number(const Environment& environment, const char* name, const char* with) {
  if (const auto found = number(environment, name)) return *found;
  throw Error(Exit::usage, text("the environment variable ", with,
                                " says that several processes "
                                "were started, but ",
                                name, " is not set"));
}

/// Slurm's "4", or "4(x2),1" for nodes of different sizes: the largest.
std::uint64_t tasks_a_node(const Environment& environment) {
  std::uint64_t most = 1;
  const std::string list = environment("SLURM_STEP_TASKS_PER_NODE").value_or("");
  for (std::size_t begin = 0; begin < list.size(); begin = list.find_first_of(',', begin)) {
    begin = list.find_first_of("0123456789", begin);
    if (begin == std::string::npos) break;
    std::uint64_t tasks = 0;
    std::from_chars(list.data() + begin, list.data() + list.size(), tasks);
    most = std::max(most, tasks);
  }
  return most;
}

/// The rank of one of several; nothing for a process alone.
Launch several(Launcher launcher, std::uint64_t world, const char* world_name,
               const char* rank_name, const char* local_rank_name, std::uint64_t local_world,
               const Environment& environment) {
  Launch launch{.launcher = launcher,
                .world = world,
                .rank = needed_number(environment, rank_name, world_name),
                .local_rank = number(environment, local_rank_name).value_or(0)};
  launch.local_world = std::max(local_world, launch.local_rank + 1);
  if (launch.rank >= world)
    throw Error(Exit::usage, text("the environment variable ", rank_name, " is ", launch.rank,
                                  ", expected less than ", world_name, ", which is ", world));
  return launch;
}

}  // namespace

Launch launch_from(const Environment& environment) {
  // mpirun's first: inside a Slurm job it starts its helpers with srun, whose variables processes
  // then inherit. One process alone needs nobody's help.
  if (const auto world = number(environment, "OMPI_COMM_WORLD_SIZE"))
    return *world > 1
               ? several(Launcher::mpirun, *world, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK",
                         "OMPI_COMM_WORLD_LOCAL_RANK",
                         number(environment, "OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1), environment)
               : Launch{};
  if (const auto world = number(environment, "WORLD_SIZE"); world.value_or(1) > 1)
    return several(Launcher::torchrun, *world, "WORLD_SIZE", "RANK", "LOCAL_RANK",
                   number(environment, "LOCAL_WORLD_SIZE").value_or(1), environment);
  // Not SLURM_NTASKS: that is also set in a batch script, which is one process.
  if (const auto world = number(environment, "SLURM_STEP_NUM_TASKS"); world.value_or(1) > 1)
    return several(Launcher::srun, *world, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID",
                   tasks_a_node(environment), environment);
  if (const auto world = number(environment, "PMI_SIZE"); world.value_or(1) > 1)
    return several(Launcher::mpirun, *world, "PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID",
                   number(environment, "MPI_LOCALNRANKS").value_or(1), environment);
  return {};
}

std::string own_device(const std::string& asked, const Launch& launch, std::uint64_t gpus) {
  const bool names_one = asked.starts_with("cuda:");
  if (names_one && launch.local_world > 1)
    throw Error(Exit::usage,
                text("device: ", asked, " is one GPU, and ", launch.local_world,
                     " processes were started on this machine; give cuda, of which each takes its "
                     "own"));
  if (names_one || asked == "cpu" || launch.world < 2 || gpus == 0) return asked;
  // srun --gpus-per-task=1 shows each process its own alone, and calls it 0
  return text("cuda:", gpus == 1 ? 0 : launch.local_rank);
}

}  // namespace ip2p
