// append_file.cpp - O_APPEND, and ftruncate for what a full disk left of a line.
#include "append_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p {

AppendFile::AppendFile(fs::path path, std::uint64_t whole_bytes)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666)),
      size_(whole_bytes) {
  struct stat status{};
  if (file_.get() < 0 || ::fstat(file_.get(), &status) != 0) fail(errno);
  if (!S_ISREG(status.st_mode))
    throw Error(Exit::file, text("cannot write ", path_, ": it is not a regular file"));
  has_rest_ = std::cmp_greater(status.st_size, size_);
  cut();
}

void AppendFile::append(std::string_view line) {
  cut();
  std::string_view rest = line;
  // One call takes a line whole unless the disk is full: then the second call says so.
  while (!rest.empty()) {
    const ssize_t count = ::write(file_.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error_number = count < 0 ? errno : ENOSPC;
      try {
        cut();
      } catch (const Error&) {
        // The next append, or the next process, cuts it: a line counts from its newline on.
      }
      fail(error_number);
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
    has_rest_ = true;
  }
  size_ += line.size();
  has_rest_ = false;
}

void AppendFile::clear() {
  size_ = 0;
  has_rest_ = true;
  cut();
}

void AppendFile::sync() const {
  if (::fdatasync(file_.get()) != 0) fail(errno);
}

void AppendFile::cut() {
  if (!has_rest_) return;
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) fail(errno);
  has_rest_ = false;
}

void AppendFile::fail(int error_number) const {
  throw Error(Exit::file,
              text("cannot write ", path_, ": ", std::generic_category().message(error_number)));
}

}  // namespace ip2p
