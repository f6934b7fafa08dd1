// folder_walk.h - the pictures below a folder, one after another, for a folder or for a glob.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ip2p/base/files.h"

namespace ip2p {

/// Whether the name ends as pictures' names do, in any case.
bool is_picture_name(std::string_view name);

struct FoundFile {
  fs::path path;
  std::string id;  ///< the path below the folder where the walk began
};

/// Depth first, each folder in the order of its names' bytes; holds the listings of the folders on
/// the way down, nothing else. Hidden entries are left out unless the pattern's part begins with a
/// dot.
class FolderWalk {
 public:
  struct Rules {
    bool recursive = false;
    fs::path left_out;  ///< this folder, in canonical form, is not entered
  };

  /// The folder `base` ("" is the working folder). With `pattern`, a glob's parts below it, the
  /// files that fit (none when the last part ends with a slash) and, unless there is a `**`, the
  /// folders that fit as if each had been given.
  FolderWalk(fs::path base, const std::vector<std::string>& pattern, Rules rules);

  /// Error{file} when `base` cannot be listed.
  std::optional<FoundFile> next();
  /// Folders below it that could not be listed and were passed over, each a sentence.
  [[nodiscard]] const std::vector<std::string>& unlisted() const { return unlisted_; }
  /// Files that fitted and are no pictures.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  /// Whether anything has fitted the pattern.
  [[nodiscard]] bool has_matched() const { return has_matched_; }

 private:
  enum class Kind : std::uint8_t { file, folder, linked_folder, other };
  struct Entry {
    std::string name;
    Kind kind;
  };
  /// What an entry's name may be at one place of a walk.
  struct Step {
    std::string pattern;
    bool takes_files = false;
    std::optional<std::size_t> into;  ///< the step in a folder that fits; none: not entered
    bool any_depth = false;           ///< `**`: the next step holds beside this one
    bool through_links = false;
  };
  using Steps = std::vector<std::size_t>;
  struct Level {
    fs::path path;
    std::string id;  ///< "" or ending with a slash
    std::vector<Entry> entries;
    std::size_t at = 0;
    Steps steps;
  };
  struct Match {
    bool taken = false;
    Steps below;
  };

  static Kind kind_of(const fs::directory_entry& entry);
  static std::vector<Entry> listing(const fs::path& folder);
  void add_pattern(const std::vector<std::string>& pattern);
  void add_step(Steps& steps, std::size_t step) const;
  [[nodiscard]] Match match(const Entry& entry, const Steps& steps) const;
  void enter(const fs::path& path, std::string id, Steps steps);

  fs::path base_;
  Rules rules_;
  std::vector<Step> steps_;
  std::size_t folder_step_ = 0;  ///< in folders that were given
  std::vector<Level> levels_;
  bool has_begun_ = false;
  bool has_matched_ = false;
  std::uint64_t skipped_ = 0;
  std::vector<std::string> unlisted_;
};

}  // namespace ip2p
