// run_folder.h - where a run's pictures are: its own once it came to its end, until then the last
// run's.
#pragma once

#include <cstddef>
#include <vector>

#include "ip2p/base/descriptor.h"
#include "ip2p/base/files.h"
#include "ip2p/regress/run.h"

namespace ip2p {

/// One run's at a time, until it is destroyed.
class RunFolder {
 public:
  /// Makes the folder where it is not there. Error{file} also when another run is at work in it.
  explicit RunFolder(fs::path folder);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();  ///< what was made and not kept is gone

  [[nodiscard]] const fs::path& path() const { return folder_; }

  /// Where the pictures are made the first, second, ... time; the folder is there. Error{file}.
  [[nodiscard]] fs::path making(std::size_t time) const;

  /// Moves all pictures that were made to their places and tells the results: NAME.png, and
  /// repeat-2/NAME.png of a second time. (A repeat of what is new has the first as its reference.)
  /// What earlier runs made of other cases stays. Error{file}.
  void keep(std::vector<CaseResult>& results) const;

 private:
  [[nodiscard]] fs::path making() const { return folder_ / ".making"; }

  fs::path folder_;
  Descriptor lock_;
};

}  // namespace ip2p
