// placement.cpp - the program links libtorch's CPU library alone. CUDA is a library beside it that
// is opened when a driver is there: so one build runs with and without a GPU, and building needs no
// CUDA toolkit.
#include "ip2p/model/placement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iomanip>
#include <optional>
#include <sstream>
#include <utility>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/model/devices.h"

namespace ip2p {
namespace {

/// The number of usable GPUs; the first call loads CUDA.
int cuda_device_count() {
  // Without a driver libtorch_cuda takes a second to load and can only say no.
  if (::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_GLOBAL) == nullptr) return 0;
  if (::dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    log::debug(text("libtorch has no CUDA: ", ::dlerror()));
    return 0;
  }
  return at::detail::getCUDAHooks().deviceCount();
}

std::string known_devices() {
  std::string names;
  for (const DeviceInfo& device : devices()) names += (names.empty() ? "" : ", ") + device.name;
  return names;
}

/// N of "cuda:N", 0 of "cuda"; nullopt for anything else.
std::optional<int> cuda_index(std::string_view name) {
  if (name == "cuda") return 0;
  constexpr std::string_view prefix = "cuda:";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  int index = -1;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (failed != std::errc() || end != name.data() + name.size() || index < 0 || index > 127)
    return std::nullopt;
  return index;
}

torch::Device find_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  if (name == "auto") return cuda_device_count() > 0 ? torch::Device(torch::kCUDA, 0) : torch::kCPU;
  const std::optional<int> index = cuda_index(name);
  if (!index)
    throw Error(Exit::usage,
                text("unknown device \"", name,
                     "\"; known: auto, cpu, cuda, cuda:N (here: ", known_devices(), ")"));
  if (*index >= cuda_device_count())
    throw Error(Exit::device, text("device ", name, " is not there (here: ", known_devices(),
                                   "); it needs an NVIDIA driver and a libtorch with CUDA"));
  return {torch::kCUDA, static_cast<torch::DeviceIndex>(*index)};
}

/// What the names of `dtype_names` after "auto" stand for.
constexpr std::array dtypes{torch::kFloat32, torch::kBFloat16, torch::kFloat16};
static_assert(dtypes.size() + 1 == dtype_names.size());

torch::ScalarType find_dtype(const std::string& name, torch::Device device) {
  if (name == dtype_names[0]) return device.is_cuda() ? torch::kFloat16 : torch::kFloat32;
  std::string known;
  for (std::size_t i = 1; i < dtype_names.size(); ++i) {
    if (name == dtype_names.at(i)) return dtypes.at(i - 1);
    known += text(", ", dtype_names.at(i));
  }
  throw Error(Exit::usage, text("unknown dtype \"", name, "\"; known: ", dtype_names[0], known));
}

}  // namespace

Placement place(const std::string& device, const std::string& dtype, Rewrites rewrites) {
  Placement placement;
  placement.device = find_device(device);
  placement.dtype = find_dtype(dtype, placement.device);
  placement.rewrites = std::move(rewrites);
  // float32 means float32: cuDNN's convolutions would round their inputs to TF32's 10 bits.
  if (placement.device.is_cuda()) at::globalContext().setAllowTF32CuDNN(false);
  return placement;
}

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> found{{"cpu", text(at::get_num_threads(), " threads")}};
  const int gpus = cuda_device_count();
  for (int i = 0; i < gpus; ++i)
    found.push_back({text("cuda:", i), at::detail::getCUDAHooks().showConfig()});
  return found;
}

PlacementNames resolved_placement(const std::string& device, const std::string& dtype) {
  const Placement placement = place(device, dtype);
  return {device_name(placement.device), dtype_name(placement.dtype)};
}

std::optional<DeviceMemory> device_memory(const std::string& name) {
  const c10::Device device(name);
  if (!device.is_cuda()) return std::nullopt;
  try {
    const auto [free_bytes, all_bytes] =
        c10::getDeviceAllocator(c10::DeviceType::CUDA)->getMemoryInfo(device.index());
    return DeviceMemory{.used = all_bytes - free_bytes, .all = all_bytes};
  } catch (const c10::Error&) {
    return std::nullopt;
  }
}

std::string gibibytes(std::size_t bytes) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1 << 30) << " GiB";
  return out.str();
}

int cpu_threads() {
  return at::get_num_threads();
}

std::string device_name(torch::Device device) {
  return device.str();
}

std::string dtype_name(torch::ScalarType dtype) {
  const auto* const found = std::ranges::find(dtypes, dtype);
  if (found == dtypes.end()) return c10::toString(dtype);
  return std::string(dtype_names.at(static_cast<std::size_t>(found - dtypes.begin()) + 1));
}

}  // namespace ip2p
