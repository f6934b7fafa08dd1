// run_record.cpp - run.json, out and in.
#include "ip2p/regress/run_record.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <system_error>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"
#include "ip2p/model/devices.h"
#include "ip2p/version.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr int run_format = 1;
constexpr std::array<std::string_view, 5> verdict_names{"pass", "fail", "new", "error", "orphan"};
constexpr std::array<std::string_view, 2> device_kinds{"cpu", "cuda"};

Json part_json(const MeasuredPart& part) {
  Json json{{"region", part.region}};
  json.update(measures_to_json(part.metrics, part.judged));
  return json;
}

Json result_json(const fs::path& folder, const CaseResult& result) {
  Json json{{"case", result.name},
            {"verdict", verdict_name(result.verdict.verdict)},
            {"instruction", result.request.instruction}};
  json.update(options_to_json(result.request.options));
  if (!result.verdict.reason.empty()) json["reason"] = result.verdict.reason;
  if (!result.picture.empty()) {
    json["picture"] = result.picture.lexically_relative(folder).generic_string();
    json["sha256"] = result.sha256;
  }
  if (!result.verdict.reference.empty()) {
    json["reference"] = result.verdict.reference.string();
    json["cross_backend"] = result.verdict.is_cross;
  }
  for (const MeasuredPart& part : result.verdict.parts) json["parts"].push_back(part_json(part));
  if (result.repeats) json["repeats"] = spread_to_json(*result.repeats);
  return json;
}

Verdict verdict_named(const std::string& name) {
  for (std::size_t i = 0; i < verdict_names.size(); ++i)
    if (verdict_names.at(i) == name) return static_cast<Verdict>(i);
  throw Error(Exit::file, text("unknown verdict \"", name, "\""));
}

/// A run may come from elsewhere, such as the artifacts of CI, and these words become names of
/// files in the suite.
BackEnd back_end_of(const Json& json) {
  const auto one_of = [&json](const char* key, std::span<const std::string_view> known) {
    const auto word = json.at(key).get<std::string>();
    if (std::ranges::find(known, word) == known.end())
      throw Error(Exit::file, text("its ", key, " is \"", word, "\", which is none"));
    return word;
  };
  constexpr std::span<const std::string_view> dtypes = dtype_names;
  return {.device = one_of("device", device_kinds), .dtype = one_of("dtype", dtypes.subspan(1))};
}

/// A picture's path as the run names it. Error{file} when it may be anywhere but in the run's
/// folder.
std::string picture_below(const fs::path& folder, const std::string& name) {
  fs::path path = folder;
  for (const fs::path& part : fs::path(name)) {
    path /= part;
    std::error_code not_there;
    if (part.empty() || part == "." || part == ".." || part.has_root_path() ||
        fs::is_symlink(path, not_there))
      throw Error(Exit::file, text("its picture \"", name, "\" is not in the run's folder"));
  }
  return name;
}

/// `origin` has what made it.
KeptResult kept_result(const fs::path& folder, const Json& json, const Json& origin) {
  return {.name = json.at("case").get<std::string>(),
          .verdict = verdict_named(json.at("verdict").get<std::string>()),
          .picture = picture_below(folder, json.value("picture", "")),
          .sha256 = json.value("sha256", ""),
          .bundle_hash = origin.at("bundle").at("hash").get<std::string>(),
          .back_end = back_end_of(origin)};
}

Json run_json(const fs::path& path) {
  const Bytes bytes = read_file(path);
  return parse_json<Json>(std::string(bytes.begin(), bytes.end()));
}

}  // namespace

std::string verdict_name(Verdict verdict) {
  return std::string(verdict_names.at(static_cast<std::size_t>(verdict)));
}

Json run_to_json(const fs::path& folder, const std::vector<CaseResult>& results,
                 const RunOrigin& origin) {
  Json json{{"format", run_format},
            {"ip2p", IP2P_VERSION},
            {"bundle", {{"name", origin.manifest.name}, {"hash", origin.manifest.sha256}}},
            {"device", origin.back_end.device},
            {"dtype", origin.back_end.dtype}};
  if (!origin.clip_name.empty())
    json["clip"] = {{"name", origin.clip_name}, {"hash", origin.clip_hash}};
  json["results"] = Json::array();
  for (const CaseResult& result : results) json["results"].push_back(result_json(folder, result));
  return json;
}

Json earlier_results(const fs::path& folder,
                     const std::function<bool(const std::string& name)>& is_kept) {
  Json earlier = Json::array();
  if (!fs::exists(run_file(folder))) return earlier;
  (void)read_run(folder);  // for its checks
  const Json run = run_json(run_file(folder));
  const auto keep = [&](Json result) {
    if (is_kept(result.at("case").get<std::string>())) earlier.push_back(std::move(result));
  };
  for (Json result : run.at("results")) {
    for (const char* key : {"bundle", "device", "dtype", "clip"})
      if (run.contains(key)) result[key] = run.at(key);
    keep(std::move(result));
  }
  for (const Json& result : run.value("earlier", Json::array())) keep(result);
  return earlier;
}

fs::path usual_run_folder(const fs::path& suite) {
  return suite / "runs" / "last";
}

fs::path run_file(const fs::path& folder) {
  return folder / "run.json";
}

void write_run(const fs::path& path, const Json& run) {
  const std::string words = run.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_atomically(path, Bytes(words.begin(), words.end()), Existing::replace);
}

RunRecord read_run(const fs::path& folder) {
  const fs::path path = run_file(folder);
  if (!fs::is_regular_file(path))
    throw Error(Exit::file, text(folder, " holds no run: there is no ", path));
  try {
    const Json json = run_json(path);
    if (json.at("format") != run_format)
      throw Error(Exit::file,
                  text("its format is ", json.at("format").dump(), ", expected ", run_format));
    RunRecord record{.bundle_name = json.at("bundle").at("name").get<std::string>(),
                     .bundle_hash = json.at("bundle").at("hash").get<std::string>(),
                     .results = {}};
    for (const Json& each : json.at("results"))
      record.results.push_back(kept_result(folder, each, json));
    for (const Json& each : json.value("earlier", Json::array()))
      record.results.push_back(kept_result(folder, each, each));
    return record;
  } catch (const std::exception& error) {
    throw Error(Exit::file, text(path, " is no run that this ip2p can read: ", error.what()));
  }
}

}  // namespace ip2p
