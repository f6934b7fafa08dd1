// calibrate_batches.cpp - groups of alike cases, filled up; and the engine's log read back.
#include "calibrate_batches.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"
#include "ip2p/image/read.h"

namespace ip2p::cli {
namespace {

/// Edits for which this is equal can be made together: the size that the model worked at follows
/// from the picture's size and the options.
std::string alike_key(const CaseResult& made) {
  EditOptions options = made.request.options;
  options.seed.reset();
  const Image picture = read_image(made.picture);
  return text(picture.width, 'x', picture.height, ' ', options_to_json(options).dump());
}

fs::path log_of(const fs::path& folder) {
  return folder / "results.jsonl";
}

}  // namespace

std::vector<Case> in_full_batches(const std::vector<Case>& cases,
                                  const std::vector<CaseResult>& made, std::size_t size) {
  std::map<std::string, std::vector<Case>> groups;
  for (std::size_t i = 0; i < cases.size(); ++i) groups[alike_key(made.at(i))].push_back(cases[i]);
  std::vector<Case> all;
  for (auto& [key, group] : groups) {
    const Case last = group.back();
    for (std::uint64_t more = 1; group.size() % size != 0; ++more) {
      Case& again = group.emplace_back(last);
      // A suite leaves out folders whose names begin with a dot.
      again.name = text(".", all.size() + group.size());
      again.request.options.seed = last.request.options.seed.value_or(0) + more;
      again.references.clear();
    }
    std::ranges::move(group, std::back_inserter(all));
  }
  return all;
}

void forget_batches(const fs::path& folder) {
  std::error_code failed;
  fs::remove(log_of(folder), failed);
  if (failed)
    throw Error(Exit::file, text("cannot remove ", log_of(folder), ": ", failed.message()));
}

std::size_t fewest_together(const fs::path& folder) {
  const Bytes bytes = read_file(log_of(folder));
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  std::optional<std::size_t> fewest;
  for (std::string line; std::getline(lines, line);) {
    const auto together =
        parse_json<nlohmann::ordered_json>(line).at("together").get<std::size_t>();
    fewest = std::min(fewest.value_or(together), together);
  }
  return fewest.value_or(0);
}

}  // namespace ip2p::cli
