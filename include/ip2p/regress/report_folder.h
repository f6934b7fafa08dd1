// report_folder.h - the folder of an HTML report: nobody else's, and never half of one.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "ip2p/base/files.h"

namespace ip2p {

/// index.html, and the pictures that it shows named for their content, so that an earlier report
/// stays whole until the new page takes its place in one step. Killed at any moment, the folder
/// has the old report, the new one, or no page.
class ReportFolder {
 public:
  /// Makes the folder, or takes one that is empty or an earlier report's. Error{file} when it
  /// cannot be written, or has anything else in it; that stays as it is.
  explicit ReportFolder(fs::path folder);

  /// Puts a picture in; returns where it is, seen from the page. Threads may do so together.
  /// Error{file}.
  std::string add(ByteSpan bytes, std::string_view extension);

  /// Puts the page in place, then takes away the pictures of earlier reports. Error{file}.
  void finish(std::string_view page);

  [[nodiscard]] fs::path page() const { return folder_ / "index.html"; }

 private:
  [[nodiscard]] fs::path pictures() const { return folder_ / "pictures"; }

  fs::path folder_;
  std::mutex mutex_;
  std::set<std::string> added_;  ///< names in pictures()
};

}  // namespace ip2p
