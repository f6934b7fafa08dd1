// out_of_memory.h - recognises libtorch's ways of saying that memory ran out, and says what would
// fit.
#pragma once

#include <string>

#include <c10/core/Device.h>
#include <c10/util/Exception.h>

namespace ip2p {

/// The CPU's allocator fails with a plain c10::Error; so does a CUDA library whose workspace does
/// not fit.
bool is_out_of_memory(const c10::Error& error);

/// Throws Error{device}: what was being done, how much the device has and uses, what to try.
[[noreturn]] void throw_out_of_memory(c10::Device device, const std::string& doing);

}  // namespace ip2p
