// files.cpp - POSIX calls where the standard library cannot say "whole or not at all".
#include "ip2p/base/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ip2p/base/descriptor.h"
#include "ip2p/base/disk_full.h"
#include "ip2p/base/error.h"

namespace ip2p {
namespace {

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

/// What the names of files that are not whole yet begin with.
constexpr std::string_view partial_prefix = ".ip2p-partial-";

/// Deletes the file unless it was moved to its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void moved() { path_.clear(); }

 private:
  fs::path path_;
};

Descriptor open_for_reading(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw Error(Exit::file, text("cannot open ", path, ": ", reason(errno)));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0)
    throw Error(Exit::file, text("cannot read ", path, ": ", reason(errno)));
  if (S_ISDIR(status.st_mode))
    throw Error(Exit::file, text("cannot read ", path, ": it is a folder, not a file"));
  return file;
}

/// The process's umask. It can be asked for only by changing it, which other threads would feel;
/// the kernel says it in text.
mode_t file_mode_mask() {
  constexpr std::string_view key = "Umask:";
  constexpr mode_t usual = 022;
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with(key))
      return static_cast<mode_t>(std::strtoul(line.c_str() + key.size(), nullptr, 8));
  return usual;
}

/// Calls `take(chunk)` with the file's bytes in order.
template <class Take>
void for_each_chunk(int fd, const std::string& name, Take take) {
  std::vector<std::uint8_t> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(Exit::file, text("cannot read ", name, ": ", reason(errno)));
    if (count == 0) return;
    take(ByteSpan(buffer.data(), static_cast<std::size_t>(count)));
  }
}

Bytes read_all(int fd, const std::string& name, std::uint64_t limit_bytes) {
  Bytes bytes;
  for_each_chunk(fd, name, [&](ByteSpan chunk) {
    if (bytes.size() + chunk.size() > limit_bytes)
      throw Error(Exit::file,
                  text(name, " is longer than ", limit_bytes, " bytes, the most that is read"));
    bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  });
  return bytes;
}

[[noreturn]] void throw_unwritable(const fs::path& path, int number) {
  const std::string sentence = text("cannot write ", path, ": ", reason(number));
  if (number == ENOSPC || number == EDQUOT || number == EROFS) throw DiskFull(sentence);
  throw Error(Exit::file, sentence);
}

void write_all(int fd, ByteSpan bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_unwritable(path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void throw_exists(const fs::path& path) {
  throw Error(Exit::file, text(path, " exists already; give --overwrite to replace it"));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Moves `from` to `to` in one step, without replacing what is there when `existing` says keep.
void move_into_place(const fs::path& from, const fs::path& to, Existing existing) {
  if (existing == Existing::replace) {
    if (::rename(from.c_str(), to.c_str()) == 0) return;
  } else {
    // RENAME_NOREPLACE is not there on every file system; link and unlink say the same thing.
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
    if ((errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) &&
        ::link(from.c_str(), to.c_str()) == 0) {
      ::unlink(from.c_str());
      return;
    }
    if (errno == EEXIST) throw_exists(to);
  }
  throw_unwritable(to, errno);
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw Error(Exit::bug, "SHA-256 is not available in this libcrypto");
  }

  void update(ByteSpan bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

  [[nodiscard]] std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
      out += digits[digest.at(i) >> 4U];
      out += digits[digest.at(i) & 15U];
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

/// A new file beside `path`, under a lock that says that somebody is writing it; its name goes into
/// `name`.
Descriptor locked_partial_file(const fs::path& path, std::string& name) {
  for (;;) {
    name = (folder_of(path) / text(partial_prefix, "XXXXXX")).string();
    Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
    if (file.get() < 0) throw_unwritable(path, errno);
    (void)::flock(file.get(), LOCK_EX);
    // remove_partial_files may have taken it for an abandoned one before it was locked.
    struct stat about{};
    if (::fstat(file.get(), &about) != 0 || about.st_nlink > 0) return file;
  }
}

}  // namespace

Bytes read_file(const fs::path& path, std::uint64_t limit_bytes) {
  const Descriptor file = open_for_reading(path);
  return read_all(file.get(), text(path), limit_bytes);
}

Bytes read_stdin(std::uint64_t limit_bytes) {
  return read_all(STDIN_FILENO, "stdin", limit_bytes);
}

void check_writable(const fs::path& path, Existing existing) {
  const fs::path folder = folder_of(path);
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw Error(Exit::file, text("cannot write ", path, ": it is a folder; name a file in it"));
  const fs::file_status there = fs::status(path, ignored);
  if (fs::exists(there) && !fs::is_regular_file(there))
    throw Error(Exit::file,
                text("cannot write ", path, ": it is a device, pipe or socket; name a file"));
  if (existing == Existing::keep && fs::exists(fs::symlink_status(path, ignored)))
    throw_exists(path);
  if (!fs::is_directory(folder, ignored))
    throw Error(Exit::file, text("cannot write ", path, ": there is no folder ", folder));
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    throw Error(Exit::file, text("cannot write ", path, ": ", reason(errno)));
}

void write_atomically(const fs::path& path, ByteSpan bytes, Existing existing) {
  stream_atomically(path, [&](const Sink& sink) { sink(bytes); }, existing);
}

void stream_atomically(const fs::path& path, const std::function<void(const Sink&)>& write,
                       Existing existing) {
  check_writable(path, existing);
  std::string name;
  // Declared first, closed last: the lock holds until the file is in its place.
  const Descriptor file = locked_partial_file(path, name);
  TemporaryFile partial(name);

  write([&](ByteSpan bytes) { write_all(file.get(), bytes, path); });
  // mkostemp makes files that only their owner reads; a picture gets what any new file gets.
  if (::fchmod(file.get(), 0666 & ~file_mode_mask()) != 0 || ::fsync(file.get()) != 0)
    throw_unwritable(path, errno);

  move_into_place(name, path, existing);
  partial.moved();
}

void remove_partial_files(const fs::path& folder) {
  std::error_code ignored;  // a file that stays costs space, nothing else
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(partial_prefix)) continue;
    const Descriptor file(::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::error_code stays;
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0)
      fs::remove(entry->path(), stays);
  }
}

std::string sha256_of_file(const fs::path& path) {
  const Descriptor file = open_for_reading(path);
  Sha256 hash;
  for_each_chunk(file.get(), text(path), [&](ByteSpan chunk) { hash.update(chunk); });
  return hash.hex();
}

std::string sha256_of(ByteSpan bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

}  // namespace ip2p
