// launch.cpp - the variables that mpirun, torchrun and srun set.
#include "launch.h"

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

/// The rank of one of several; nothing for a process alone.
Launch several(Launcher launcher, std::uint64_t world, const char* world_name,
               const char* rank_name, const char* local_rank_name, const Environment& environment) {
  Launch launch{.launcher = launcher,
                .world = world,
                .rank = needed_number(environment, rank_name, world_name),
                .local_rank = number(environment, local_rank_name).value_or(0)};
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
    return *world > 1 ? several(Launcher::mpirun, *world, "OMPI_COMM_WORLD_SIZE",
                                "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", environment)
                      : Launch{};
  if (const auto world = number(environment, "WORLD_SIZE"); world.value_or(1) > 1)
    return several(Launcher::torchrun, *world, "WORLD_SIZE", "RANK", "LOCAL_RANK", environment);
  // Not SLURM_NTASKS: that is also set in a batch script, which is one process.
  if (const auto world = number(environment, "SLURM_STEP_NUM_TASKS"); world.value_or(1) > 1)
    return several(Launcher::srun, *world, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID",
                   environment);
  if (const auto world = number(environment, "PMI_SIZE"); world.value_or(1) > 1)
    return several(Launcher::mpirun, *world, "PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID",
                   environment);
  return {};
}

}  // namespace ip2p
