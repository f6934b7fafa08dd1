// picture_comparison.h - picture files against their references: one pair, or all of two folders.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/compare/limits.h"
#include "ip2p/image/read.h"

namespace ip2p {

/// How pairs are compared.
struct ComparisonRules {
  Limits limits;
  MetricChoice measured;  ///< beside what the limits need
  ReadLimits reading;
  std::optional<fs::path> diff;  ///< where a picture of the differences goes: a file for a pair, a
                                 ///< folder for folders; of pairs that differ
  bool overwrite = false;        ///< what is there
  const ImageTextFeatures* features = nullptr;  ///< of clip_image
};

/// What became of a pair.
enum class Comparison { same, differs, missing, added, unreadable };

struct ComparedPicture {
  std::string name;  ///< below both folders; of a pair, the other's path
  Comparison outcome = Comparison::same;
  std::string reason;  ///< a sentence's end where there is nothing measured: "is 32x32, not 64x64"
  std::optional<Metrics> metrics;
  std::vector<Judged> judged;

  [[nodiscard]] bool passes() const { return outcome == Comparison::same; }
};

/// Two files. Without limits they are the same when no pixel differs; with limits, when all of them
/// hold. Error{file} for one that cannot be read, or a diff that cannot be written.
ComparedPicture compare_files(const fs::path& reference, const fs::path& other,
                              const ComparisonRules& rules);

/// Every picture (by extension) below two folders that is not hidden, in the order of their names,
/// in as many threads as there are cores; `observe` is called in that order, by one thread. Links
/// to folders are followed. One that is in one folder alone, or cannot be read, is a result too.
/// Error{file} for a folder, also below them, that cannot be listed and a diff that cannot be
/// written.
void compare_folders(const fs::path& reference, const fs::path& other, const ComparisonRules& rules,
                     const std::function<void(const ComparedPicture&)>& observe);

}  // namespace ip2p
