// error.h - what went wrong, as one sentence, and the exit code it leads to.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace ip2p {

/// Exit codes of the program. Disjoint, so that a script can tell a wrong answer from a wrong call.
enum class Exit : int {
  ok = 0,
  no = 1,             ///< understood, and the answer is no: pictures differ, some items failed
  usage = 2,          ///< the command line
  file = 3,           ///< a picture or another file
  model = 4,          ///< a bundle
  device = 5,         ///< the CPU or GPU, its memory, or numbers it cannot represent
  bug = 70,           ///< a fault of ip2p itself
  interrupted = 130,  ///< SIGINT or SIGTERM
};

/// A failure a person can act on. `what()` is one sentence: what, which, expected, got, what to do.
class Error : public std::runtime_error {
 public:
  Error(Exit exit, const std::string& sentence) : std::runtime_error(sentence), exit_(exit) {}

  [[nodiscard]] Exit exit() const noexcept { return exit_; }

 private:
  Exit exit_;
};

/// Memory ran out on a device: the same work in smaller parts may succeed. The sentence is what
/// happened and, when there is one, an advice behind it.
class OutOfMemory : public Error {
 public:
  explicit OutOfMemory(const std::string& happened, const std::string& advice = "")
      : Error(Exit::device, advice.empty() ? happened : happened + "; " + advice),
        happened_(happened) {}

  [[nodiscard]] const std::string& happened() const noexcept { return happened_; }

 private:
  std::string happened_;
};

/// The parts written one after another, as `operator<<` writes them: text("steps ", 3) is "steps
/// 3".
template <class... Parts>
[[nodiscard]] std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace ip2p
