// run_lock.cpp - flock on three files: one for the moment of deciding, one for everybody, one a
// shard.
#include "run_lock.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"

#include "results_files.h"

namespace ip2p {
namespace {

[[noreturn]] void fail(const fs::path& path, int error_number) {
  const bool has_no_locks = error_number == ENOLCK || error_number == ENOSYS ||
                            error_number == EOPNOTSUPP || error_number == EINVAL;
  throw Error(Exit::file,
              text("cannot lock ", path, ": ", std::generic_category().message(error_number),
                   has_no_locks ? "; the output folder must be on a file system with locks (flock)"
                                : "; the output folder, and .ip2p in it, must be writable"));
}

[[noreturn]] void throw_busy(const fs::path& folder, const std::string& who) {
  throw Error(Exit::file, text("another process is at work on the output folder ", folder, " (",
                               who, "): wait for it to end, or give this one another folder"));
}

Descriptor open_lock(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() < 0) fail(path, errno);
  return file;
}

/// False when somebody else holds it.
bool lock(const Descriptor& file, int operation, const fs::path& path) {
  for (;;) {
    if (::flock(file.get(), operation) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) fail(path, errno);
  }
}

void write_count(const Descriptor& file, std::uint64_t count, const fs::path& path) {
  const std::string digits = std::to_string(count);
  if (::ftruncate(file.get(), 0) != 0) fail(path, errno);
  const ssize_t written = ::pwrite(file.get(), digits.data(), digits.size(), 0);
  if (!std::cmp_equal(written, digits.size())) fail(path, written < 0 ? errno : ENOSPC);
}

std::uint64_t read_count(const Descriptor& file, const fs::path& path) {
  std::array<char, 24> digits{};
  const ssize_t count = ::pread(file.get(), digits.data(), digits.size(), 0);
  if (count < 0) fail(path, errno);
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + count, value);
  return value;
}

}  // namespace

RunLock::RunLock(const fs::path& folder, const Shard& shard) : folder_(-1), shard_(-1) {
  const fs::path hidden = hidden_folder(folder);
  make_folder(hidden);

  // Held for the few calls below, so that two runs do not decide at the same moment.
  const fs::path deciding_path = hidden / "lock-deciding";
  const Descriptor deciding = open_lock(deciding_path);
  lock(deciding, LOCK_EX, deciding_path);

  const fs::path all_path = hidden / "lock";
  Descriptor all = open_lock(all_path);
  if (lock(all, LOCK_EX | LOCK_NB, all_path)) {
    write_count(all, shard.count, all_path);
    if (shard.count > 1 && !lock(all, LOCK_SH | LOCK_NB, all_path)) fail(all_path, EBUSY);
  } else if (!lock(all, LOCK_SH | LOCK_NB, all_path)) {
    throw_busy(folder, "on all of it");
  } else if (const std::uint64_t count = read_count(all, all_path); count != shard.count) {
    throw_busy(folder, text("in ", count, " shards"));
  }

  Descriptor own(-1);
  if (shard.count > 1) {
    const fs::path own_path = hidden / text("lock-", shard.index, "-of-", shard.count);
    own = open_lock(own_path);
    if (!lock(own, LOCK_EX | LOCK_NB, own_path))
      throw_busy(folder, text("on the same shard, ", shard.index, " of ", shard.count));
  }
  folder_ = std::move(all);
  shard_ = std::move(own);
}

}  // namespace ip2p
