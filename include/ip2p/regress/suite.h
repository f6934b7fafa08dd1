// suite.h - edits and the pictures they are to give: a folder that diffs well in git.
//
//   suite.json            bundle, defaults, limits
//   cases/NAME/case.json  instruction, options, limits
//   cases/NAME/input.png  what is edited (any picture format)
//   cases/NAME/ref/*.png  approved pictures; one of them must match
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/compare/limits.h"
#include "ip2p/edit/options.h"
#include "ip2p/image/fit.h"

namespace ip2p {

/// Part of a picture that is judged on its own.
struct Region {
  /// In pixels of the edited picture; all of it must lie inside.
  struct Rectangle {
    int x = 0;  ///< of the left edge
    int y = 0;  ///< of the upper edge
    int width = 0;
    int height = 0;
  };

  std::string name;  ///< for sentences
  std::optional<Rectangle> rectangle;
  fs::path mask;  ///< without a rectangle: a picture of the edited one's size, the part is white
  bool ignored = false;  ///< nothing in it counts
  Limits limits;         ///< else: its own
  Limits cross_backend;  ///< and its own for references of another back end; none: not compared
};

/// An edit and what is expected of it.
struct Case {
  std::string name;  ///< of its folder
  fs::path folder;
  fs::path input;
  EditRequest request;  ///< options as the case and the suite give them, not resolved
  Limits limits;        ///< the case's, and where it says nothing the suite's
  std::optional<Limits> cross_backend;  ///< likewise, for references of another back end; none: not
                                        ///< compared
  std::optional<Captions> captions;     ///< there where a limit is clip_direction
  std::vector<Region> regions;
  std::vector<fs::path> references;  ///< in the order of their names; may be none
};

struct Suite {
  fs::path folder;
  std::string bundle_name;
  std::string bundle_hash;  ///< as ManifestFile's: SHA-256 of bundle.json
  EditOptions defaults;
  Limits limits;
  std::optional<Limits> cross_backend;
  std::vector<Case> cases;           ///< in the order of their names
  std::vector<std::string> orphans;  ///< folders of cases/ that have no case.json
};

/// The beginning of a bundle's hash, for people.
std::string short_hash(const std::string& hash);

/// Reads and checks all of a suite but its pictures. Error{file} for what is not there, or cannot
/// be listed;
/// Error{usage} for what is wrong in a JSON file, naming the file and the key: unknown keys, values
/// out of range, no or several inputs, limits that contradict (a region that is ignored and has
/// limits) or cannot be measured (clip_direction without captions, CLIP of a region).
Suite read_suite(const fs::path& folder);

/// Writes suite.json and, where there is none, a .gitignore for what runs make; not its cases.
/// Error{file}.
void write_suite(const Suite& suite, Existing existing);
/// Writes a case's folder: case.json and a copy of its input. Error{file}.
void write_case(const Case& written, Existing existing);

}  // namespace ip2p
