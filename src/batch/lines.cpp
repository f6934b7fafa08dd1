// lines.cpp - a buffer that moves over the file and grows only for a line longer than itself.
#include "lines.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "ip2p/base/descriptor.h"
#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr std::size_t first_buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t longest_line_bytes = std::size_t{64} << 20;

[[noreturn]] void fail(const fs::path& path, int error_number) {
  throw Error(Exit::file,
              text("cannot read ", path, ": ", std::generic_category().message(error_number)));
}

/// Fills `buffer` from `used` on and returns the bytes read; 0 at the end.
std::size_t read_more(int fd, std::string& buffer, std::size_t used, const fs::path& path) {
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) fail(path, errno);
  }
}

}  // namespace

std::uint64_t for_each_line(const fs::path& path, const std::function<void(const Line&)>& take) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) return 0;
  if (file.get() < 0) fail(path, errno);

  std::string buffer(first_buffer_bytes, '\0');
  std::size_t used = 0;      // bytes in the buffer
  std::size_t searched = 0;  // of these without a newline
  Line line;
  for (;;) {
    const std::size_t count = read_more(file.get(), buffer, used, path);
    if (count == 0) return line.offset;
    used += count;

    std::size_t begin = 0;
    const std::string_view all(buffer.data(), used);
    for (std::size_t end = all.find('\n', searched); end != std::string_view::npos;
         end = all.find('\n', begin)) {
      line.text = all.substr(begin, end - begin);
      ++line.number;
      take(line);
      line.offset += line.text.size() + 1;
      begin = end + 1;
    }

    used -= begin;
    searched = used;
    std::memmove(buffer.data(), buffer.data() + begin, used);
    if (used < buffer.size()) continue;
    if (used >= longest_line_bytes)
      throw Error(Exit::file, text(path, ": line ", line.number + 1, " is longer than ",
                                   longest_line_bytes, " bytes: this is no log of results"));
    buffer.resize(buffer.size() * 2);
  }
}

}  // namespace ip2p
