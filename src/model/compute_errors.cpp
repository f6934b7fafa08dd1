// compute_errors.cpp - memory figures come from the allocator's own statistics.
#include "ip2p/model/compute_errors.h"

#include <iomanip>
#include <new>

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/util/Exception.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

std::string gibibytes(std::size_t bytes) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << static_cast<double>(bytes) / (1 << 30) << " GiB";
  return out.str();
}

/// " (24.0 GiB in all, 0.3 GiB free)", or nothing where that cannot be asked.
std::string memory_of(const c10::Device& device) {
  if (!device.is_cuda()) return "";
  try {
    const auto [free_bytes, total_bytes] =
        c10::getDeviceAllocator(c10::DeviceType::CUDA)->getMemoryInfo(device.index());
    return text(" (", gibibytes(total_bytes), " in all, ", gibibytes(free_bytes), " free)");
  } catch (const c10::Error&) {
    return "";  // a device in such a state need not answer
  }
}

}  // namespace

std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

bool is_out_of_memory(const std::string& message) {
  for (const char* sign : {"can't allocate memory", "out of memory", "ALLOC_FAILED", "bad_alloc"})
    if (message.find(sign) != std::string::npos) return true;
  return false;
}

void throw_out_of_memory(const std::string& device, const std::string& doing,
                         const std::string& memory_advice) {
  throw OutOfMemory(
      text("memory of ", device, memory_of(c10::Device(device)), " ran out while ", doing),
      memory_advice);
}

void rethrow_compute_error(const std::string& device, const std::string& doing,
                           const std::string& memory_advice) {
  try {
    throw;
  } catch (const OutOfMemory& error) {
    throw OutOfMemory(error.happened(), memory_advice);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw_out_of_memory(device, doing, memory_advice);
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (is_out_of_memory(message)) throw_out_of_memory(device, doing, memory_advice);
    throw Error(Exit::device,
                text(device, " failed while ", doing, " (", first_line(message), ")"));
  }
}

}  // namespace ip2p
