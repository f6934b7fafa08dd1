// compute_errors.h - what libtorch throws, as sentences for people.
#pragma once

#include <string>

namespace ip2p {

/// Call inside a catch block. An Error goes on as it is; memory that ran out and other failures of
/// libtorch become Error{device}: what was being done, how much memory the device has, what to try.
/// `device` is "cpu" or "cuda:N".
[[noreturn]] void rethrow_compute_error(const std::string& device, const std::string& doing);

/// Whether a message is one of libtorch's ways of saying that memory ran out. The TorchScript
/// interpreter wraps exceptions, so the type alone does not tell.
bool is_out_of_memory(const std::string& message);

/// Throws the OutOfMemory for it.
[[noreturn]] void throw_out_of_memory(const std::string& device, const std::string& doing);

}  // namespace ip2p
