// output_name.h - what an output is called, and that it stays where it belongs.
#pragma once

#include <string>
#include <vector>

#include "ip2p/batch/item.h"

namespace ip2p {

/// A template such as "{dir}/{stem}_{seed}.png". Fields: {dir} the folder of the item's id, below
/// the root when it is an absolute path and without ".." ("" at the top: a leading slash that is
/// left goes), {parent} the name of the folder that the input lies in, {stem}
/// and {ext} of the id (ext without dot), {name} = {stem}.{ext}, {seed}, {edit} the instruction's
/// number, {words} the instruction as letters, digits and "-" (at most 60 bytes of whole
/// characters; beyond ASCII all but punctuation are letters), {variation} from 0, {line} of the job
/// list. "{{" and "}}" are braces.
class OutputTemplate {
 public:
  /// Error{usage} names an unknown field (and lists them) or an unpaired brace.
  explicit OutputTemplate(const std::string& pattern);
  /// The path below the output folder, in normal form.
  [[nodiscard]] fs::path path(const BatchItem& item, std::uint64_t seed) const;

 private:
  struct Piece {
    bool field;
    std::string words;  ///< the field's name, or literal text
  };
  std::vector<Piece> pieces_;
};

/// The template where none is given, without an extension: "{dir}/{stem}", "_{edit}" when there are
/// several instructions, "_{seed}" when there are several variations.
std::string standard_template(std::size_t instructions, std::int64_t count);

/// Where an output goes: `folder` / `relative`, in normal form below the folder. Error{usage} when
/// it names no file, and unless `allow_outside` when it leaves `folder` by ".." or an absolute
/// path, or goes through a symbolic link below it (wherever that leads). Makes nothing.
fs::path output_below(const fs::path& folder, const fs::path& relative, bool allow_outside);

}  // namespace ip2p
