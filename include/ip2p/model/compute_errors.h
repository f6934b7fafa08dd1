// compute_errors.h - what libtorch throws, as sentences for people.
#pragma once

#include <string>

namespace ip2p {

inline constexpr auto edit_memory_advice =
    "half the --resolution needs about a quarter of the working memory, a 16-bit --dtype half";

/// Call inside a catch block. An Error goes on as it is; memory that ran out and other failures of
/// libtorch become Error{device}: what was being done, how much memory the device has, what to try.
/// `device` is "cpu" or "cuda:N". `memory_advice` is what to try when memory ran out, for callers
/// whose users have other means than the flags of `ip2p edit`.
[[noreturn]] void rethrow_compute_error(const std::string& device, const std::string& doing,
                                        const std::string& memory_advice = edit_memory_advice);

/// What libtorch says without the stack trace below it.
std::string first_line(const std::string& message);

/// Whether a message is one of libtorch's ways of saying that memory ran out. The TorchScript
/// interpreter wraps exceptions, so the type alone does not tell.
bool is_out_of_memory(const std::string& message);

/// Throws the OutOfMemory for it.
[[noreturn]] void throw_out_of_memory(const std::string& device, const std::string& doing,
                                      const std::string& memory_advice = edit_memory_advice);

}  // namespace ip2p
