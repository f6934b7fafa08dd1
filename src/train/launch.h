// launch.h - how this process was started: alone, or as one of several, and by what.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

namespace ip2p {

/// Reads an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

enum class Launcher { none, torchrun, mpirun, srun };

struct Launch {
  Launcher launcher = Launcher::none;  ///< none: this process is alone
  std::uint64_t world = 1;
  std::uint64_t rank = 0;
  std::uint64_t local_rank = 0;   ///< among the processes on this machine
  std::uint64_t local_world = 1;  ///< how many those are, as far as the launcher says
};

/// Error{usage} when a variable is no number, or one of a set is missing.
Launch launch_from(const Environment& environment);

/// The device of this process, for place(): of several on a machine that are told just "cuda" (or
/// "auto" where there are GPUs), each takes the GPU of its own number, or the only one that it is
/// shown. `gpus` is how many it is shown. Error{usage} when several are told one and the same.
std::string own_device(const std::string& asked, const Launch& launch, std::uint64_t gpus);

inline Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

}  // namespace ip2p
