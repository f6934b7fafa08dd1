// mapped_file.cpp - mmap with the project's errors.
#include "ip2p/base/mapped_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw Error(Exit::file, text("cannot read ", path, ": ", why));
}

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

ByteSpan map(int fd, const fs::path& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) fail(path, reason(errno));
  if (!S_ISREG(status.st_mode)) fail(path, "it is not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {};  // nothing to map, and mmap refuses it
  void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  if (start == MAP_FAILED) fail(path, reason(errno));
  ::madvise(start, size, MADV_WILLNEED);  // advice: no harm when it is not taken
  return {static_cast<const std::uint8_t*>(start), size};
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not wait
  if (fd < 0) fail(path, reason(errno));
  try {
    bytes_ = map(fd, path);
  } catch (...) {
    ::close(fd);
    throw;
  }
  ::close(fd);  // the mapping keeps the file
}

MappedFile::~MappedFile() {
  // munmap wants a pointer to what it takes away
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(ByteSpan part) const {
  // whole pages only: those at the ends may hold bytes of a neighbour
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(part.data() - bytes_.data());
  const std::size_t first = (begin + page - 1) / page * page;
  const std::size_t last = (begin + part.size()) / page * page;
  if (first < last)
    ::madvise(const_cast<std::uint8_t*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

}  // namespace ip2p
