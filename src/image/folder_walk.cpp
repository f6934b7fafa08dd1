// folder_walk.cpp - one walk for folders and globs: a folder is a glob of one part.
#include "ip2p/image/folder_walk.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/image/name_pattern.h"

namespace ip2p {

bool is_picture_name(std::string_view name) {
  constexpr std::array<std::string_view, 7> endings{".jpg", ".jpeg", ".png", ".webp",
                                                    ".tif", ".tiff", ".bmp"};
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    return name.size() > ending.size() &&
           std::ranges::equal(name.substr(name.size() - ending.size()), ending, same);
  });
}

FolderWalk::FolderWalk(fs::path base, const std::vector<std::string>& pattern, Rules rules)
    : base_(std::move(base)), rules_(std::move(rules)) {
  add_pattern(pattern);
  folder_step_ = steps_.size();
  Step& step = steps_.emplace_back();
  step.pattern = "*";
  step.takes_files = true;
  if (rules_.recursive) step.into = folder_step_;
}

void FolderWalk::add_pattern(const std::vector<std::string>& pattern) {
  for (const std::string& part : pattern) {
    const std::size_t number = steps_.size();
    Step& step = steps_.emplace_back();
    step.any_depth = part == "**";
    step.pattern = step.any_depth ? "*" : part;
    step.into = step.any_depth ? number : number + 1;
    step.through_links = !step.any_depth;
  }
  if (steps_.empty()) return;
  // Under a `**` a folder's pictures fit by themselves: entering it as well would give them twice.
  if (std::ranges::any_of(steps_, &Step::any_depth)) steps_.back().into.reset();
  steps_.back().takes_files = !steps_.back().pattern.ends_with('/');
  if (!steps_.back().takes_files) steps_.back().pattern.pop_back();
}

FolderWalk::Kind FolderWalk::kind_of(const fs::directory_entry& entry) {
  std::error_code ignored;
  const bool is_link = entry.is_symlink(ignored);
  if (entry.is_directory(ignored)) return is_link ? Kind::linked_folder : Kind::folder;
  if (entry.is_regular_file(ignored)) return Kind::file;
  // A link to nothing is an item that fails and is reported, not one that is lost.
  return is_link && !entry.exists(ignored) ? Kind::file : Kind::other;
}

std::vector<FolderWalk::Entry> FolderWalk::listing(const fs::path& folder) {
  std::error_code failed;
  std::vector<Entry> entries;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    entries.push_back({entry->path().filename().string(), kind_of(*entry)});
  if (failed) throw Error(Exit::file, text("cannot list ", folder, ": ", failed.message()));
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

void FolderWalk::add_step(Steps& steps, std::size_t step) const {
  if (std::ranges::find(steps, step) != steps.end()) return;
  steps.push_back(step);
  if (steps_[step].any_depth) add_step(steps, step + 1);
}

FolderWalk::Match FolderWalk::match(const Entry& entry, const Steps& steps) const {
  Match match;
  const bool is_folder = entry.kind == Kind::folder || entry.kind == Kind::linked_folder;
  for (const std::size_t number : steps) {
    const Step& step = steps_[number];
    if (entry.name.starts_with('.') && !step.pattern.starts_with('.')) continue;
    if (!fits(entry.name, step.pattern)) continue;
    if (!is_folder)
      match.taken = match.taken || step.takes_files;
    else if (step.into && (entry.kind == Kind::folder || step.through_links))
      add_step(match.below, *step.into);
  }
  return match;
}

void FolderWalk::enter(const fs::path& path, std::string id, Steps steps) {
  std::error_code ignored;
  if (!rules_.left_out.empty() && fs::canonical(path, ignored) == rules_.left_out) return;
  try {
    std::vector<Entry> entries = listing(path);
    levels_.push_back({path, std::move(id), std::move(entries), 0, std::move(steps)});
  } catch (const Error& error) {
    unlisted_.emplace_back(error.what());
  }
}

std::optional<FoundFile> FolderWalk::next() {
  if (!std::exchange(has_begun_, true)) {
    Steps steps;
    add_step(steps, 0);
    std::vector<Entry> entries = listing(base_.empty() ? "." : base_);
    levels_.push_back({base_, "", std::move(entries), 0, std::move(steps)});
  }
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.at == level.entries.size()) {
      levels_.pop_back();
      continue;
    }
    const Entry& entry = level.entries[level.at++];
    Match found = match(entry, level.steps);
    if (found.taken) {
      has_matched_ = true;
      if (entry.kind == Kind::file && is_picture_name(entry.name))
        return FoundFile{level.path / entry.name, level.id + entry.name};
      ++skipped_;
    } else if (!found.below.empty()) {
      has_matched_ =
          has_matched_ || std::ranges::find(found.below, folder_step_) != found.below.end();
      enter(level.path / entry.name, level.id + entry.name + "/", std::move(found.below));
    }
  }
  return std::nullopt;
}

}  // namespace ip2p
