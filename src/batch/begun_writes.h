// begun_writes.h - outputs that are being moved into place: what a killed process did not come to
// log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "append_file.h"
#include "result_line.h"

namespace ip2p {

/// A record: the line that is to be logged, and the SHA-256 that the output must have.
struct BegunWrite {
  std::string sha256;
  std::string line;  ///< with its newline
  ResultLine result;
};

/// The whole records of a file, in order; none when there is no such file. What is no record is
/// passed over: then its output counts as not done.
std::vector<BegunWrite> begun_writes_in(const fs::path& path);

/// Whether the output below `folder` is there with exactly the bytes of the record.
bool is_written(const fs::path& folder, const BegunWrite& write);

/// The file of these records. It stays small: when nothing is under way it is emptied, else what is
/// over is left out from time to time. Not safe to use from several threads.
class BegunWrites {
 public:
  /// Starts empty: what the file said has been dealt with.
  explicit BegunWrites(const fs::path& path);

  void begin(const std::string& output, const std::string& line, const std::string& sha256);
  /// The output has been logged.
  void end(const std::string& output);
  /// Leaves only what is still under way.
  void tidy();

 private:
  fs::path path_;
  std::optional<AppendFile> file_;
  std::unordered_map<std::string, std::string> under_way_;  // output -> record
  std::uint64_t under_way_bytes_ = 0;
};

}  // namespace ip2p
