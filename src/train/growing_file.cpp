// growing_file.cpp - pwrite, fsync, rename.
#include "growing_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p {

fs::path GrowingFile::partial_name(const fs::path& path) {
  fs::path partial = path;
  partial += ".partial";
  return partial;
}

GrowingFile::GrowingFile(fs::path path, std::uint64_t size)
    : path_(std::move(path)), partial_(partial_name(path_)), size_(size) {
  std::error_code failed;
  fs::create_directories(path_.parent_path(), failed);
  if (failed)
    throw Error(Exit::file,
                text("cannot make the folder ", path_.parent_path(), ": ", failed.message()));
  fd_ = ::open(partial_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) fail(errno);
  // A file that a killed run left behind is taken over; one that is being written is not.
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(fd_);
    throw Error(Exit::file, text(partial_,
                                 " is being written by another run; wait for that or give this run "
                                 "another output folder"));
  }
  if (::lseek(fd_, 0, SEEK_END) == static_cast<off_t>(size_)) return;
  try {
    clear();
  } catch (...) {
    ::close(fd_);
    ::unlink(partial_.c_str());
    throw;
  }
}

GrowingFile::~GrowingFile() {
  if (!finished_ && !keep_) ::unlink(partial_.c_str());
  ::close(fd_);
}

void GrowingFile::write(std::uint64_t offset, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void GrowingFile::read(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) fail(count == 0 ? EIO : errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void GrowingFile::clear() {
  if (::ftruncate(fd_, 0) != 0 || ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) fail(errno);
}

void GrowingFile::flush() {
  if (::fsync(fd_) != 0) fail(errno);
}

void GrowingFile::finish() {
  flush();
  if (::rename(partial_.c_str(), path_.c_str()) != 0) fail(errno);
  finished_ = true;
}

void GrowingFile::fail(int error_number) const {
  throw Error(Exit::file,
              text("cannot write ", path_, ": ", std::generic_category().message(error_number)));
}

}  // namespace ip2p
