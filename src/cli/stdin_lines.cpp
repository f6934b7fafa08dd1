// stdin_lines.cpp - waits in short spans, to look whether it still has to.
#include "stdin_lines.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p::cli {
namespace {

constexpr std::size_t longest_line_bytes = std::size_t{1} << 20;
constexpr int span_ms = 100;

/// False when nothing came within the span.
bool has_come() {
  pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, span_ms) > 0;
}

}  // namespace

std::optional<std::string> StdinLines::next(const std::function<bool()>& stopping) {
  for (std::size_t looked = 0;;) {
    const std::size_t end = read_.find('\n', looked);
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    looked = read_.size();
    if (looked > longest_line_bytes)
      throw Error(Exit::usage, text("a line of stdin is longer than ", longest_line_bytes,
                                    " bytes; expected a path or a JSON object"));
    if (ended_) {
      if (read_.empty()) return std::nullopt;
      return std::exchange(read_, {});
    }
    while (!has_come())
      if (stopping && stopping()) return std::nullopt;
    std::array<char, 65536> chunk{};
    const ssize_t count = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error(Exit::file, text("cannot read stdin: ", std::generic_category().message(errno)));
    ended_ = count == 0;
    read_.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
}

}  // namespace ip2p::cli
