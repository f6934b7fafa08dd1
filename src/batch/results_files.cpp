// results_files.cpp - names written and read back.
#include "results_files.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr std::string_view suffix = ".jsonl";

std::optional<std::uint64_t> count_in(std::string_view digits) {
  std::uint64_t count = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, count);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return count;
}

std::optional<Shard> shard_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
      name.size() < prefix.size() + suffix.size())
    return std::nullopt;
  std::string_view middle = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  if (middle.empty()) return Shard{};
  constexpr std::string_view of = "-of-";
  const std::size_t split = middle.find(of);
  if (!middle.starts_with('-') || split == std::string_view::npos || split == 0)
    return std::nullopt;
  const auto index = count_in(middle.substr(1, split - 1));
  const auto count = count_in(middle.substr(split + of.size()));
  if (!index || !count) return std::nullopt;
  const Shard shard{.index = *index, .count = *count};
  // No other spelling, such as 01-of-3: two files of one shard would disagree.
  if (*index < 1 || *index > *count || shard_file_name(std::string(prefix), shard) != name)
    return std::nullopt;
  return shard;
}

}  // namespace

fs::path hidden_folder(const fs::path& folder) {
  return folder / ".ip2p";
}

std::string shard_file_name(const std::string& prefix, const Shard& shard) {
  if (shard.count <= 1) return text(prefix, suffix);
  return text(prefix, "-", shard.index, "-of-", shard.count, suffix);
}

std::vector<ShardFile> shard_files(const fs::path& folder, const std::string& prefix) {
  std::vector<ShardFile> files;
  std::error_code failed;
  fs::directory_iterator entry(folder, failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed))
    if (const auto shard = shard_of(entry->path().filename().native(), prefix))
      files.push_back({.path = entry->path(), .shard = *shard});
  if (failed && failed != std::errc::no_such_file_or_directory)
    throw Error(Exit::file, text("cannot list the folder ", folder, ": ", failed.message()));
  std::sort(files.begin(), files.end(), [](const ShardFile& a, const ShardFile& b) {
    return std::pair(a.shard.count, a.shard.index) < std::pair(b.shard.count, b.shard.index);
  });
  return files;
}

}  // namespace ip2p
