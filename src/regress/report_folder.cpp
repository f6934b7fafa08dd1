// report_folder.cpp - a mark that says whose the folder is, and names that are hashes.
#include "ip2p/regress/report_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"

namespace ip2p {
namespace {

constexpr std::string_view mark_name = ".ip2p-report";
constexpr std::string_view mark_words =
    "ip2p regress run --html writes this folder: index.html and pictures/\n";

/// Of a picture's name; the rest of its SHA-256 is left out.
constexpr std::size_t name_digits = 32;

Bytes bytes_of(std::string_view words) {
  return {words.begin(), words.end()};
}

bool has_mark(const fs::path& folder) {
  std::error_code none;
  const fs::path mark = folder / mark_name;
  if (!fs::is_regular_file(fs::symlink_status(mark, none))) return false;
  return fs::file_size(mark, none) == mark_words.size() && read_file(mark) == bytes_of(mark_words);
}

bool holds_nothing(const fs::path& folder) {
  std::error_code failed;
  const bool empty = fs::is_empty(folder, failed);
  if (failed) throw Error(Exit::file, text("cannot list ", folder, ": ", failed.message()));
  return empty;
}

/// Whether a file of pictures/ is one that a report put there.
bool is_ours(const std::string& name) {
  return name.size() > name_digits && name[name_digits] == '.' &&
         name.find_first_not_of("0123456789abcdef") == name_digits;
}

}  // namespace

ReportFolder::ReportFolder(fs::path folder) : folder_(std::move(folder)) {
  make_folder(folder_);
  if (!has_mark(folder_)) {
    if (!holds_nothing(folder_))
      throw Error(Exit::file, text(folder_,
                                   " has files in it and is no earlier report; give --html "
                                   "another folder, or an empty one"));
    write_atomically(folder_ / mark_name, bytes_of(mark_words), Existing::keep);
  }
  make_folder(pictures());
  check_writable(page(), Existing::replace);
  check_writable(pictures() / "any", Existing::replace);
}

std::string ReportFolder::add(ByteSpan bytes, std::string_view extension) {
  const std::string name = text(sha256_of(bytes).substr(0, name_digits), '.', extension);
  {
    const std::lock_guard lock(mutex_);
    added_.insert(name);
  }
  // One of this name has this content, whoever wrote it: files come into being whole.
  if (!fs::exists(pictures() / name)) write_atomically(pictures() / name, bytes, Existing::replace);
  return "pictures/" + name;
}

void ReportFolder::finish(std::string_view page_words) {
  write_atomically(page(), bytes_of(page_words), Existing::replace);
  std::vector<fs::path> old;
  std::error_code ignored;  // a file that stays costs space, nothing else
  for (const auto& entry : fs::directory_iterator(pictures(), ignored))
    if (const std::string name = entry.path().filename().string();
        is_ours(name) && !added_.contains(name))
      old.push_back(entry.path());
  for (const fs::path& path : old) fs::remove(path, ignored);
  remove_partial_files(pictures());
  remove_partial_files(folder_);
}

}  // namespace ip2p
