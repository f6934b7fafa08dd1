// metrics_log.cpp - lines are flushed as they come, so that another program can follow.
#include "metrics_log.h"

#include <algorithm>

#include "ip2p/base/error.h"

namespace ip2p {
MetricsLog::MetricsLog(const fs::path& path, std::int64_t step) : path_(path) {
  const std::string kept = lines_up_to(step);
  const auto* start = reinterpret_cast<const std::uint8_t*>(kept.data());
  write_atomically(path, {start, kept.size()}, Existing::replace);
  file_.open(path, std::ios::app);
}

/// The lines that are whole and of a step up to `last`.
std::string MetricsLog::lines_up_to(std::int64_t last) {
  std::ifstream file(path_);
  std::string kept;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json.at("step").is_number_integer() ||
        json.at("step").get<std::int64_t>() > last)
      continue;
    note(json);
    kept += line + "\n";
  }
  return kept;
}

void MetricsLog::note(const nlohmann::json& line) {
  const auto loss = line.find("held_out_loss");
  if (loss == line.end() || !loss->is_number()) return;
  validated_ = line.at("step").get<std::int64_t>();
  best_ = std::min(loss->get<double>(), best_.value_or(loss->get<double>()));
}

void MetricsLog::write(const nlohmann::ordered_json& line) {
  note(nlohmann::json::parse(line.dump()));
  file_ << line.dump() << std::endl;
  if (!file_) throw Error(Exit::file, text("cannot write ", path_, ": disk full"));
}

}  // namespace ip2p
