// output_name.h - what an output is called, and that it stays where it belongs.
#pragma once

#include <string>
#include <vector>

#include "ip2p/batch/item.h"

namespace ip2p {

/// A template such as "{dir}/{stem}_{seed}.png". Fields: {dir} the folder of the item's id ("" at
/// the top: a leading slash that is left goes), {stem} and {ext} of the id (ext without dot),
/// {name} = {stem}.{ext}, {seed}, {edit} the instruction's number, {words} the instruction as
/// letters, digits and "-" (at most 60), {variation} from 0, {line} of the job list. "{{" and "}}"
/// are braces.
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

/// The template where none is given: "{dir}/{stem}", "_{edit}" when there are several instructions,
/// "_{seed}" when there are several variations, and "." with `extension` ("{ext}" keeps the
/// input's).
std::string standard_template(std::size_t instructions, std::int64_t count,
                              const std::string& extension);

/// Where an output goes: `folder` / `relative`. Error{usage} when that leaves `folder` by "..", an
/// absolute path, or a symbolic link on the way, unless `allow_outside`.
fs::path output_below(const fs::path& folder, const fs::path& relative, bool allow_outside);

}  // namespace ip2p
