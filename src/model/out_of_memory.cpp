// out_of_memory.cpp - memory figures come from the allocator's own statistics.
#include "out_of_memory.h"

#include <c10/core/CachingDeviceAllocator.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

std::string gibibytes(std::size_t bytes) {
  std::ostringstream out;
  out.precision(1);
  out << std::fixed << static_cast<double>(bytes) / (1 << 30) << " GiB";
  return out.str();
}

}  // namespace

bool is_out_of_memory(const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos ||
         message.find("ALLOC_FAILED") != std::string::npos;
}

void throw_out_of_memory(c10::Device device, const std::string& doing) {
  std::string have;
  if (device.is_cuda()) {
    c10::DeviceAllocator* allocator = c10::getDeviceAllocator(c10::DeviceType::CUDA);
    const auto [free_bytes, total_bytes] = allocator->getMemoryInfo(device.index());
    have = text(" (", gibibytes(total_bytes), " in all, ", gibibytes(free_bytes), " free)");
  }
  throw Error(Exit::device, text(device.is_cuda() ? "CUDA device " : "", device.str(), have,
                                 " ran out of memory while ", doing,
                                 "; a smaller --resolution or a 16-bit --dtype needs less"));
}

}  // namespace ip2p
