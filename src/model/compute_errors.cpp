// compute_errors.cpp - libtorch's exceptions as sentences for people.
#include "ip2p/model/compute_errors.h"

#include <new>

#include <c10/util/Exception.h>

#include "ip2p/base/error.h"
#include "ip2p/model/devices.h"

namespace ip2p {
namespace {

/// " (24.0 GiB in all, 0.3 GiB free)", or nothing where that cannot be asked.
std::string memory_of(const std::string& device) {
  const std::optional<DeviceMemory> memory = device_memory(device);
  if (!memory) return "";
  return text(" (", gibibytes(memory->all), " in all, ", gibibytes(memory->all - memory->used),
              " free)");
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
  throw OutOfMemory(text("memory of ", device, memory_of(device), " ran out while ", doing),
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
