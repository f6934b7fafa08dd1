// inputs.cpp - what the command line names: files, folders and globs, in the order given.
#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/batch/item_source.h"
#include "ip2p/image/folder_walk.h"
#include "ip2p/image/name_pattern.h"

#include "item_series.h"

namespace ip2p {
namespace {

/// One of the inputs, of which is known what it is.
struct Input {
  enum class Kind { file, folder, glob };
  std::string given;
  Kind kind;
};

struct Glob {
  fs::path base;
  std::vector<std::string> parts;  ///< below it
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// A part that is there as it is written is itself: names may have wildcards' characters in them.
Glob glob_of(std::string_view pattern) {
  Glob glob;
  const bool for_folders = pattern.ends_with('/');
  if (pattern.starts_with('/')) glob.base = "/";
  while (!pattern.empty()) {
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(pattern.size(), part.size() + 1));
    if (part.empty()) continue;
    if (glob.parts.empty() && (!has_wildcards(part) || is_there(glob.base / part)))
      glob.base /= part;
    else
      glob.parts.emplace_back(part);
  }
  if (glob.parts.empty()) return glob;
  if (glob.parts.back() == "**")
    glob.parts.emplace_back("*");  // everything below
  else if (for_folders)
    glob.parts.back() += '/';
  return glob;
}

[[noreturn]] void throw_nothing(const std::string& given) {
  throw Error(Exit::usage, text("there is no ", fs::path(given),
                                has_wildcards(given) ? ", and nothing fits it as a pattern" : "",
                                "; name files, folders or patterns that exist"));
}

/// Error{file} when the system does not say what there is.
fs::file_status status_of(const fs::path& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::none)
    throw Error(Exit::file, text("cannot read ", path, ": ", failed.message()));
  return status;
}

Input input_of(const std::string& given, const fs::path& output_folder) {
  // A name that is too long, or below a folder that may not be seen, may be a glob all the same.
  std::error_code failed;
  if (has_wildcards(given) && !fs::exists(given, failed)) return {given, Input::Kind::glob};
  const fs::file_status status = status_of(given);
  if (!fs::exists(status)) throw_nothing(given);
  if (!fs::is_directory(status)) return {given, Input::Kind::file};
  // A resumed run would take the first run's outputs for inputs.
  if (!output_folder.empty() && fs::canonical(given, failed) == output_folder)
    throw Error(Exit::usage,
                text("the input folder ", fs::path(given),
                     " is the output folder: outputs would become inputs; name another output "
                     "folder, or name the files"));
  return {given, Input::Kind::folder};
}

/// Also of a folder that is not there yet.
fs::path canonical_folder(const fs::path& folder) {
  if (folder.empty()) return {};
  std::error_code failed;
  fs::path whole = fs::weakly_canonical(fs::absolute(folder, failed), failed);
  if (failed) return folder;
  return whole.has_filename() ? whole : whole.parent_path();
}

class InputItems : public ItemSource {
 public:
  InputItems(const InputRules& inputs, ItemRules rules)
      : rules_(std::move(rules)),
        walk_rules_{.recursive = inputs.recursive,
                    .left_out = canonical_folder(inputs.output_folder)} {
    for (const std::string& given : inputs.inputs)
      inputs_.push_back(input_of(given, walk_rules_.left_out));
  }

  std::optional<BatchItem> next() override {
    for (;;) {
      if (auto item = series_.next()) return item;
      std::optional<FoundFile> file = next_file();
      if (!file) return std::nullopt;
      BatchItem item;
      item.id = std::move(file->id);
      item.input = std::move(file->path);
      series_ = {std::move(item), rules_.instructions, rules_.count};
    }
  }

  [[nodiscard]] std::uint64_t skipped() const override {
    return skipped_ + (walk_ ? walk_->skipped() : 0);
  }

  [[nodiscard]] std::vector<std::string> unlisted() const override {
    std::vector<std::string> all = unlisted_;
    if (walk_) all.insert(all.end(), walk_->unlisted().begin(), walk_->unlisted().end());
    return all;
  }

 private:
  std::optional<FoundFile> next_file() {
    for (;;) {
      if (walk_) {
        if (auto file = walk_->next()) return file;
        close_walk();
      }
      if (at_ == inputs_.size()) return std::nullopt;
      const Input& input = inputs_[at_++];
      if (input.kind == Input::Kind::file)
        return FoundFile{input.given, fs::path(input.given).filename().string()};
      begin_walk(input);
    }
  }

  void begin_walk(const Input& input) {
    if (input.kind == Input::Kind::folder) {
      walk_.emplace(input.given, std::vector<std::string>{}, walk_rules_);
      return;
    }
    Glob glob = glob_of(input.given);
    if (!glob.base.empty() && !fs::is_directory(status_of(glob.base))) throw_nothing(input.given);
    walk_.emplace(std::move(glob.base), glob.parts, walk_rules_);
  }

  void close_walk() {
    const Input& input = inputs_[at_ - 1];
    const bool saw_all = walk_->unlisted().empty();
    if (input.kind == Input::Kind::glob && saw_all && !walk_->has_matched())
      throw_nothing(input.given);
    skipped_ += walk_->skipped();
    unlisted_.insert(unlisted_.end(), walk_->unlisted().begin(), walk_->unlisted().end());
    walk_.reset();
  }

  ItemRules rules_;
  FolderWalk::Rules walk_rules_;
  std::vector<Input> inputs_;
  std::size_t at_ = 0;
  std::optional<FolderWalk> walk_;
  ItemSeries series_;
  std::uint64_t skipped_ = 0;
  std::vector<std::string> unlisted_;
};

}  // namespace

std::unique_ptr<ItemSource> items_from_inputs(const InputRules& inputs, const ItemRules& rules) {
  check_rules(rules);
  if (rules.instructions.empty())
    throw Error(Exit::usage, "no instruction is given; say what to change with --edit");
  return std::make_unique<InputItems>(inputs, rules);
}

}  // namespace ip2p
