// earlier_results.cpp - every line counts for what is known, the last ones for how long it takes.
#include "ip2p/batch/earlier_results.h"

#include <deque>
#include <utility>

#include <nlohmann/json.hpp>

#include "known_results.h"
#include "lines.h"
#include "result_line.h"
#include "results_files.h"

namespace ip2p {
namespace {

/// Enough to even out what else a machine does.
constexpr std::size_t timed_lines = 200;

}  // namespace

struct EarlierResults::Parts {
  KnownResults known;
  std::deque<std::string> latest;  ///< lines of pictures that were made
};

EarlierResults::EarlierResults(const fs::path& folder) : parts_(std::make_unique<Parts>()) {
  std::uint64_t file = 0;
  for (const ShardFile& results : shard_files(folder, results_prefix)) {
    for_each_line(results.path, [&](const Line& line) {
      const auto result = parse_result_line(line.text);
      if (!result) throw_no_result(results.path, line.number);
      parts_->known.add(*result, file);
      if (result->status != Status::done) return;
      parts_->latest.emplace_back(line.text);
      if (parts_->latest.size() > timed_lines) parts_->latest.pop_front();
    });
    ++file;
  }
  parts_->known.settle();
}

EarlierResults::EarlierResults(EarlierResults&&) noexcept = default;
EarlierResults& EarlierResults::operator=(EarlierResults&&) noexcept = default;
EarlierResults::~EarlierResults() = default;

Known EarlierResults::known(const std::string& output, std::uint64_t fingerprint) const {
  return known_of(parts_->known.find(output_hash(output)), fingerprint);
}

std::optional<EarlierOutput> EarlierResults::made(const std::string& output,
                                                  std::uint64_t fingerprint) const {
  return made_of(parts_->known.find(output_hash(output)), fingerprint);
}

std::optional<double> EarlierResults::step_s(const std::string& bundle_sha256) const {
  double seconds = 0;
  double steps = 0;
  for (const std::string& line : parts_->latest) {
    const auto result = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto number = [&result](const char* path) {
      const nlohmann::json::json_pointer place(path);
      const bool is_there = result.contains(place) && result.at(place).is_number();
      return is_there ? result.at(place).get<double>() : 0.0;
    };
    // Lines may have been written by others: what does not say how long it took is passed over.
    const double edit_s = number("/seconds/edit");
    if (!result.is_object() || result.value("bundle_hash", "") != bundle_sha256 || edit_s <= 0)
      continue;
    seconds += edit_s;
    steps += number("/steps");
  }
  if (steps <= 0) return std::nullopt;
  return seconds / steps;
}

}  // namespace ip2p
