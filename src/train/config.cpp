// config.cpp - a training run's JSON file, every value checked before anything is loaded.
#include "ip2p/train/config.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(Exit::usage, sentence);
}

void check_keys(const Json& json) {
  if (!json.is_object()) detail::throw_wrong_type("the file", "a JSON object", json);
  std::vector<std::string> known;
  for (const ConfigKey& key : config_keys()) known.push_back(key.name);
  for (const auto& item : json.items())
    if (std::ranges::find(known, item.key()) == known.end())
      detail::throw_unknown_key(item.key(), known);
}

std::int64_t count_at(const Json& json, const std::string& where, const std::string& key,
                      Range<std::int64_t> range) {
  const std::string name = where + "." + key;
  if (!json.contains(key))
    fail(text(name, " is missing: expected ", expectation<std::int64_t>(range)));
  std::int64_t value = 0;
  detail::take(name, json.at(key), value);
  if (!range.allows(value))
    fail(text(name, ": expected ", expectation<std::int64_t>(range), ", got ", value));
  return value;
}

CropRule crop_rule(const Json& json, const std::string& where) {
  if (!json.is_object())
    detail::throw_wrong_type(where, R"(an object {"pixels", "batch", "share"})", json);
  for (const auto& item : json.items())
    if (item.key() != "pixels" && item.key() != "batch" && item.key() != "share")
      fail(text("unknown key \"", where, ".", item.key(), "\"; known: pixels, batch, share"));
  CropRule rule;
  rule.pixels = count_at(json, where, "pixels", {.lo = 8, .hi = 16384});
  rule.batch = count_at(json, where, "batch", {.lo = 1, .hi = 65536});
  if (json.contains("share")) rule.share = count_at(json, where, "share", {.lo = 1, .hi = 10000});
  return rule;
}

std::vector<CropRule> crop_rules(const Json& json) {
  if (!json.is_array()) detail::throw_wrong_type("crops", "a list of objects", json);
  std::vector<CropRule> rules;
  for (std::size_t i = 0; i < json.size(); ++i)
    rules.push_back(crop_rule(json.at(i), text("crops[", i, "]")));
  return rules;
}

template <class Value, class... Constraint>
std::string allowed_values(const Constraint&... constraint) {
  if constexpr (std::is_same_v<Value, bool>)
    return "true or false";
  else if constexpr (sizeof...(Constraint) > 0)
    return (constraint.expected() + ...);
  else
    return std::is_arithmetic_v<Value> ? "a whole number" : "";
}

/// "auto", "cpu", "cuda" or "cuda:N"; whether there is such a device is found out later.
bool is_device_name(std::string_view name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return true;
  constexpr std::string_view prefix = "cuda:";
  if (!name.starts_with(prefix)) return false;
  const std::string_view digits = name.substr(prefix.size());
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return failed == std::errc() && end == digits.data() + digits.size();
}

/// What no single value shows.
void check_together(const TrainConfig& config) {
  for (const auto& [key, value] :
       {std::pair{"bundle", &config.bundle}, std::pair{"data", &config.data},
        std::pair{"output", &config.output}})
    if (value->empty()) fail(text(key, " is missing or empty: it is required; give a path"));
  if (!is_device_name(config.device))
    fail(text("device: expected auto, cpu, cuda or cuda:N, got \"", config.device, "\""));
  for (std::size_t i = 0; i < config.crops.size(); ++i)
    if (config.crops[i].pixels > config.resolution)
      fail(text("crops[", i, "].pixels: expected at most resolution (", config.resolution,
                "), got ", config.crops[i].pixels));
  const double dropped = config.drop_image + config.drop_text + config.drop_both;
  if (dropped > 1)
    fail(
        text("drop_image, drop_text and drop_both are disjoint shares: expected a sum of at most "
             "1, got ",
             dropped));
  if (config.validate_every > 0 && config.validation_data.empty())
    fail("validate_every needs examples: give validation_data, or set it to 0");
}

/// Keys that somebody wrote down and that would do nothing.
void check_effect(const Json& given, const TrainConfig& config) {
  struct Idle {
    const char* key;
    bool idle;
    const char* why;
  };
  const bool adamw = config.optimizer == "adamw";
  const bool constant = config.schedule == "constant";
  for (const Idle& rule :
       {Idle{"batch", !config.crops.empty(), "beside crops, which have a batch each"},
        Idle{"momentum", adamw, "with the optimizer adamw"},
        Idle{"adam_rate", adamw, "with the optimizer adamw"},
        Idle{"decay_from", constant, "with the schedule constant"},
        Idle{"final_rate", constant, "with the schedule constant"}})
    if (rule.idle && given.contains(rule.key))
      fail(text(rule.key, " does nothing ", rule.why, "; take it out"));
}

TrainConfig config_from(const Json& given) {
  check_keys(given);
  TrainConfig config;
  if (given.contains("crops")) config.crops = crop_rules(given.at("crops"));
  Json options = given;
  options.erase("crops");
  options_from_json(options, config);
  check_together(config);
  check_effect(given, config);
  return config;
}

void resolve_path(std::string& path, const fs::path& folder) {
  if (!path.empty()) path = (folder / path).string();  // an absolute path stays what it is
}

}  // namespace

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  const TrainConfig standard;
  TrainConfig::visit(standard, [&keys](const char* name, const auto& field, const char* help,
                                       const auto&... constraint) {
    ConfigKey key{.name = name, .help = help, .values = "", .standard = ""};
    detail::with_value(field, [&](const auto& value) { key.standard = Json(value).dump(); });
    if (key.standard == "\"\"") key.standard.clear();
    using Field = std::remove_cvref_t<decltype(field)>;
    key.values = allowed_values<typename ValueOf<Field>::type>(constraint...);
    keys.push_back(std::move(key));
  });
  const ConfigKey crops{
      .name = "crops",
      .help =
          "sizes at which examples are seen, in turn: a list of {\"pixels\", \"batch\", "
          "\"share\"}, share the steps of that size in a turn (default: whole squares, batch "
          "of them)",
      .values = "a list of objects",
      .standard = ""};
  const auto after = std::ranges::find(keys, std::string("cache_latents"), &ConfigKey::name);
  keys.insert(after + 1, crops);
  return keys;
}

TrainConfig read_train_config(const fs::path& path) {
  constexpr std::uint64_t limit_bytes = 1 << 20;
  const Bytes bytes = read_file(path, limit_bytes);
  Json json;
  try {
    json = parse_json<Json>({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const std::exception& error) {
    fail(text(path, " is not valid JSON (", error.what(), ")"));
  }

  TrainConfig config;
  try {
    config = config_from(json);
  } catch (const Error& error) {
    // options are flags elsewhere; here they are keys
    std::string_view sentence = error.what();
    if (sentence.starts_with("--")) sentence.remove_prefix(2);
    throw Error(error.exit(), text(path, ": ", sentence));
  }
  const fs::path folder = path.parent_path();
  for (std::string* entry : {&config.bundle, &config.data, &config.validation_data, &config.output})
    resolve_path(*entry, folder);
  return config;
}

}  // namespace ip2p
