// item_source.h - where the items of a batch come from, one after another: memory does not grow
// with their number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/base/range.h"
#include "ip2p/batch/item.h"

namespace ip2p {

/// A stream of items in a stable order.
class ItemSource {
 public:
  virtual ~ItemSource() = default;
  /// nullopt at the end. Error{file} or Error{usage} for a job list that is wrong, with its line.
  virtual std::optional<BatchItem> next() = 0;
  /// Files passed over so far because they are no pictures.
  [[nodiscard]] virtual std::uint64_t skipped() const { return 0; }
  /// Folders passed over so far because they cannot be listed, each a sentence.
  [[nodiscard]] virtual std::vector<std::string> unlisted() const { return {}; }
};

/// What is the same for all items.
struct ItemRules {
  static constexpr Range count_range{std::int64_t{1}, std::int64_t{10000}};

  std::vector<std::string> instructions;  ///< of --edit: each input gets all of them
  std::int64_t count = 1;                 ///< variations of each
};

/// Inputs of the command line: files, folders, globs (`*`, `?`, `[...]`, and `**` for folders of
/// any depth; where the shell left them). A folder gives the pictures in it by extension (jpg,
/// jpeg, png, webp, tif, tiff, bmp, in any case), in the order of their names' bytes, with
/// `recursive` those of its folders too; `output_folder` and hidden entries are left out. Links to
/// folders are followed when they are given or fit a part of a glob, not by `recursive` or `**`:
/// they may lead back. A glob gives the pictures that fit it and, unless it has `**`, those of the
/// folders that fit it; their ids begin below its first part with a wildcard's folder. A file that
/// is named itself is an item whatever it is called; a name that exists is itself, not a glob.
/// Error{usage} for an input that is nothing, naming it (a glob that fits nothing when its turn
/// comes), and for an input folder that is the output folder: a resumed run would take outputs for
/// inputs. Error{file} for a folder that is given and cannot be listed, when its turn comes; one
/// below it is passed over, and counted.
struct InputRules {
  std::vector<std::string> inputs;
  bool recursive = false;
  fs::path output_folder;  ///< may lie inside an input folder
};
std::unique_ptr<ItemSource> items_from_inputs(const InputRules& inputs, const ItemRules& rules);

/// A job list, by extension: .jsonl (an object a line) or .csv (RFC 4180, the first line names the
/// columns; an empty cell is a key that is not given). Keys: input (required), instruction (a
/// string or a list; else --edit's), output (of a job that is one picture), seed, cfg_text,
/// cfg_image, steps, sampler (its name is not checked here), count. `mask` is refused: it is not
/// there yet. Anything else is Error{usage} with file, line, what was expected and got; a job of
/// several lines counts by its first. Relative inputs are relative to the list's folder. Empty
/// lines and a byte order mark are passed over. Error{file} when the list cannot be read.
std::unique_ptr<ItemSource> items_from_job_list(const fs::path& path, const ItemRules& rules);

/// One line of standard input (without its LF; a CR at its end is none of it): a JSON object as in
/// a job list, or a path; one that begins with "{" is written "./{". None for an empty line.
/// Relative to the working folder. Error{usage} with "stdin line NUMBER".
std::vector<BatchItem> items_from_line(const std::string& line, std::uint64_t number,
                                       const ItemRules& rules);

}  // namespace ip2p
