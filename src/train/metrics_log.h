// metrics_log.h - what a run measured, one JSON object a line.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"

namespace ip2p {

class MetricsLog {
 public:
  /// Continues `path` after its lines of up to `step` optimizer steps: what an interrupted run
  /// wrote beyond its checkpoint is dropped, for it happens again. Error{file} when it cannot be
  /// written.
  MetricsLog(const fs::path& path, std::int64_t step);

  /// The least held-out loss so far, and the step of the last one.
  [[nodiscard]] std::optional<double> best() const { return best_; }
  [[nodiscard]] std::optional<std::int64_t> validated() const { return validated_; }

  /// `line` has a "step".
  void write(const nlohmann::ordered_json& line);

 private:
  void note(const nlohmann::json& line);
  [[nodiscard]] std::string lines_up_to(std::int64_t last);

  fs::path path_;
  std::ofstream file_;
  std::optional<double> best_;
  std::optional<std::int64_t> validated_;
};

}  // namespace ip2p
