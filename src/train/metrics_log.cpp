// metrics_log.cpp - lines are flushed as they come, so that another program can follow.
#include "metrics_log.h"

#include <sstream>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

/// The lines of a log that are whole and of a step up to `last`.
std::string lines_up_to(const fs::path& path, std::int64_t last) {
  std::ifstream file(path);
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("step", last + 1) <= last) kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsLog::MetricsLog(const fs::path& path, std::int64_t step) : path_(path) {
  const std::string kept = lines_up_to(path, step);
  const auto* start = reinterpret_cast<const std::uint8_t*>(kept.data());
  write_atomically(path, {start, kept.size()}, Existing::replace);
  file_.open(path, std::ios::app);
}

void MetricsLog::write(const nlohmann::ordered_json& line) {
  file_ << line.dump() << std::endl;
  if (!file_) throw Error(Exit::file, text("cannot write ", path_, ": disk full"));
}

}  // namespace ip2p
