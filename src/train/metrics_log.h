// metrics_log.h - what a run measured, one JSON object a line.
#pragma once

#include <fstream>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"

namespace ip2p {

class MetricsLog {
 public:
  /// Continues `path` after its lines of up to `step` optimizer steps: what an interrupted run
  /// wrote beyond its checkpoint is dropped, for it happens again. Error{file} when it cannot be
  /// written.
  MetricsLog(const fs::path& path, std::int64_t step);

  /// `line` has a "step".
  void write(const nlohmann::ordered_json& line);

 private:
  fs::path path_;
  std::ofstream file_;
};

}  // namespace ip2p
