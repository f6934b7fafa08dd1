// run_identity.cpp - a run goes on only as what it was begun as.
#include "run_identity.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {
namespace {

using Json = nlohmann::json;

/// Keys that neither draws nor weights nor the optimizer follow from, or that may be changed at
/// one's own risk: the length of a run, and the precision of its arithmetic.
constexpr std::array free_keys{"steps",
                               "device",
                               "keep",
                               "checkpoint_every",
                               "validate_every",
                               "log_every",
                               "validation_examples",
                               "name",
                               "source",
                               "licence",
                               "reader_threads",
                               "precision"};

/// Where things lie may change: what lies there is compared by its hash.
constexpr std::array paths{"bundle", "data", "validation_data", "output"};

template <std::size_t size>
bool is_among(const std::array<const char*, size>& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

Json config_json(const TrainConfig& config) {
  auto options = options_to_json(config);
  for (const char* path : paths) options.erase(path);
  Json json = Json::parse(options.dump());
  json["crops"] = Json::array();
  for (const CropRule& rule : config.crops)
    json["crops"].push_back(
        {{"pixels", rule.pixels}, {"batch", rule.batch}, {"share", rule.share}});
  if (!config.crops.empty()) json.erase("batch");
  return json;
}

/// A picture by its place below the data, so that a folder may move.
std::string place_of(const fs::path& picture, const fs::path& data) {
  const fs::path place = picture.lexically_relative(data);
  return place.empty() ? picture.string() : place.string();
}

Json examples_json(const TrainConfig& config, const std::vector<Example>& examples) {
  std::string all;
  for (const Example& example : examples) {
    all += place_of(example.input, config.data) + '\0' + place_of(example.edited, config.data);
    for (const std::string& words : example.instructions) all += '\0' + words;
    all += example.whole ? "\twhole\n" : "\n";
  }
  const ByteSpan bytes(reinterpret_cast<const std::uint8_t*>(all.data()), all.size());
  return {{"count", examples.size()}, {"sha256", sha256_of(bytes)}};
}

[[noreturn]] void refuse(const fs::path& checkpoint, const std::string& key, const std::string& old,
                         const std::string& now) {
  throw Error(Exit::usage, text(key, " was ", old, " when ", checkpoint, " was written and is ",
                                now, "; give another output folder"));
}

std::string shown(const Json& json, const std::string& key) {
  return json.contains(key) ? json.at(key).dump(-1, ' ', false, Json::error_handler_t::replace)
                            : "not given";
}

void compare_key(const fs::path& checkpoint, const std::string& key, const Json& then,
                 const Json& now) {
  const std::string old_value = shown(then, key);
  const std::string new_value = shown(now, key);
  if (old_value == new_value) return;
  if (!is_among(free_keys, key)) refuse(checkpoint, key, old_value, new_value);
  log::info(text(key, " was ", old_value, ", and is ", new_value, " from here on"));
}

void compare_config(const fs::path& checkpoint, const Json& then, const Json& now) {
  compare_key(checkpoint, "crops", then, now);  // first: batch comes and goes with it
  Json keys = then;                             // a key of either
  keys.update(now);
  for (const auto& item : keys.items()) compare_key(checkpoint, item.key(), then, now);
}

void compare_examples(const fs::path& checkpoint, const Json& then, const Json& now) {
  const auto words = [](const Json& examples) {
    return text(shown(examples, "count"), " examples (list ",
                examples.value("sha256", "unknown").substr(0, 12), ")");
  };
  if (then != now) refuse(checkpoint, "data", words(then), words(now));
}

}  // namespace

Json run_identity(const TrainConfig& config, const Manifest& manifest,
                  const std::vector<Example>& examples) {
  return {{"bundle", manifest.sha256},
          {"config", config_json(config)},
          {"examples", examples_json(config, examples)}};
}

void check_same_run(const fs::path& checkpoint, const Json& about, const Json& identity,
                    const TrainConfig& config) {
  const auto is = [&about](const char* key, Json::value_t kind) {
    return about.contains(key) && about.at(key).type() == kind;
  };
  if (!is("bundle", Json::value_t::string) || !is("step", Json::value_t::number_unsigned))
    throw Error(Exit::file, text(checkpoint,
                                 " is no checkpoint of ip2p train: its metadata names no bundle "
                                 "and step; move it away or give another output folder"));
  if (about.at("bundle") != identity.at("bundle"))
    throw Error(Exit::usage, text(checkpoint, " was trained from another bundle than ",
                                  fs::path(config.bundle), "; give another output folder"));
  if (is("config", Json::value_t::object))
    compare_config(checkpoint, about.at("config"), identity.at("config"));
  if (is("examples", Json::value_t::object))
    compare_examples(checkpoint, about.at("examples"), identity.at("examples"));
}

}  // namespace ip2p
