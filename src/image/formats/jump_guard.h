// jump_guard.h - turns the error exits of C libraries (libjpeg, libpng) into a returned `false`.
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <string_view>

namespace ip2p {

/// Where a library's error handler jumps back to, and what the library said.
struct JumpGuard {
  std::jmp_buf place;
  std::array<char, 256> message{};  ///< ends with a zero
};

/// Calls `work()`; false when it ended in jump_back. The jump skips destructors: `work` calls the
/// library and nothing else, and what it fills belongs to the caller.
template <class Work>
[[nodiscard]] bool completes(JumpGuard& guard, const Work& work) {
  if (setjmp(guard.place) != 0) return false;
  work();
  return true;
}

/// For error handlers: leaves the `completes` that is running.
[[noreturn]] inline void jump_back(JumpGuard& guard, std::string_view message) {
  const std::size_t length = std::min(message.size(), guard.message.size() - 1);
  std::copy_n(message.begin(), length, guard.message.begin());
  guard.message.at(length) = '\0';
  std::longjmp(guard.place, 1);
}

}  // namespace ip2p
