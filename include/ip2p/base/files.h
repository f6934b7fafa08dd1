// files.h - whole files in, whole files out, and their hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ip2p {

namespace fs = std::filesystem;

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

enum class Existing { keep, replace };

/// All bytes of a regular file (or of a pipe). Error{file} when it is missing, a folder,
/// unreadable, or longer than `limit_bytes`.
Bytes read_file(const fs::path& path, std::uint64_t limit_bytes = std::uint64_t{1} << 40);

/// All bytes of stdin. Error{file} when there are more than `limit_bytes`.
Bytes read_stdin(std::uint64_t limit_bytes);

/// Throws Error{file} unless `path` could be written as asked: its folder exists and is writable,
/// it is not a folder, and with Existing::keep nothing is there. Called before an edit, to fail in
/// time.
void check_writable(const fs::path& path, Existing existing);

/// Puts `bytes` at `path` whole or not at all: a temporary file beside it, flushed to disk, then
/// moved. With Existing::keep a file that is there stays, also one that appeared since it was
/// checked. Error{file} when the disk is full, the folder is missing or not writable, or the file
/// exists.
void write_atomically(const fs::path& path, ByteSpan bytes, Existing existing);

/// Takes bytes that follow those it took before.
using Sink = std::function<void(ByteSpan)>;

/// The same for what does not fit into memory twice: `write(sink)` hands the bytes over, part by
/// part. What it throws leaves nothing behind.
void stream_atomically(const fs::path& path, const std::function<void(const Sink&)>& write,
                       Existing existing);

/// Deletes what processes that were killed left half-written in `folder`; what somebody is writing
/// now stays.
void remove_partial_files(const fs::path& folder);

/// SHA-256 as 64 hexadecimal digits. Error{file} when the file cannot be read.
std::string sha256_of_file(const fs::path& path);
std::string sha256_of(ByteSpan bytes);

}  // namespace ip2p
