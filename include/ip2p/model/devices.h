// devices.h - what there is to run on, without libtorch's headers.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ip2p {

/// Names as --dtype takes them.
inline constexpr std::array<std::string_view, 4> dtype_names{"auto", "float32", "bfloat16",
                                                             "float16"};

/// A device that can be used here.
struct DeviceInfo {
  std::string name;         ///< as --device takes it: "cpu", "cuda:0"
  std::string description;  ///< for people: threads, or the GPU's name and memory
};

/// Every device that can be used here, the CPU first.
std::vector<DeviceInfo> devices();

/// Where a bundle would be loaded, by name.
struct PlacementNames {
  std::string device;  ///< "cpu", "cuda:0"
  std::string dtype;   ///< "float32", ...
};

/// What these flags come to here. Error{usage} or Error{device} when a bundle could not be loaded
/// there.
PlacementNames resolved_placement(const std::string& device, const std::string& dtype);

/// Memory of a GPU in bytes.
struct DeviceMemory {
  std::size_t used = 0;  ///< by anyone
  std::size_t all = 0;
};

/// Of a device that has been loaded, by its resolved name. nullopt for the CPU, and for a GPU that
/// does not answer.
std::optional<DeviceMemory> device_memory(const std::string& device);

/// "3.2 GiB".
std::string gibibytes(std::size_t bytes);

/// How many threads compute on the CPU.
int cpu_threads();

}  // namespace ip2p
