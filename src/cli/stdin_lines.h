// stdin_lines.h - lines as they come, for a run that may end before the next one does.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace ip2p::cli {

/// Standard input line by line. Reads the descriptor itself: nothing else may read stdin.
class StdinLines {
 public:
  /// The next line without its newline; the last may have none. nullopt at the end, and when
  /// `stopping` says so while it waits. Error{file} when stdin cannot be read, Error{usage} for a
  /// line longer than 1 MiB.
  std::optional<std::string> next(const std::function<bool()>& stopping);

 private:
  std::string read_;
  bool ended_ = false;
};

}  // namespace ip2p::cli
