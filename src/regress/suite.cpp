// suite.cpp - JSON files in, checked structs out.
#include "ip2p/regress/suite.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"
#include "ip2p/base/json_text.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/image/folder_walk.h"
#include "ip2p/text/words.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr int suite_format = 1;

/// What is wrong in a JSON file, with the file's name before it.
template <class Read>
auto in_file(const fs::path& path, Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.exit() != Exit::usage) throw;
    throw Error(Exit::usage, text(path, ": ", error.what()));
  }
}

Json json_of(const fs::path& path) {
  const Bytes bytes = read_file(path);
  try {
    Json json = parse_json_with_unique_keys<Json>(std::string(bytes.begin(), bytes.end()));
    if (!json.is_object()) throw Error(Exit::usage, "expected a JSON object");
    return json;
  } catch (const Json::exception& error) {
    throw Error(Exit::usage, text(path, " is no JSON: ", error.what()));
  } catch (const std::exception& error) {
    throw Error(Exit::usage, text(path, ": ", error.what()));
  }
}

/// Takes a key out of an object; nullopt when it is not there.
std::optional<Json> taken(Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return std::nullopt;
  Json value = *found;
  json.erase(found);
  return value;
}

std::string word(const char* key, const Json& json) {
  if (!json.is_string()) throw Error(Exit::usage, text(key, ": expected text, got ", json.dump()));
  return json.get<std::string>();
}

/// Those of a key; none where it is not there.
Limits limits_at(Json& json, const char* key) {
  const std::optional<Json> given = taken(json, key);
  if (!given) return {};
  try {
    return limits_from_json(*given);
  } catch (const Error& error) {
    throw Error(error.exit(), text(key, ": ", error.what()));
  }
}

Region::Rectangle rectangle_from(const Json& json) {
  const auto is_count = [](const Json& value) {
    return value.is_number_integer() && value.get<std::int64_t>() >= 0 &&
           value.get<std::int64_t>() <= std::numeric_limits<int>::max();
  };
  if (!json.is_array() || json.size() != 4 || !std::all_of(json.begin(), json.end(), is_count) ||
      json[2] == 0 || json[3] == 0)
    throw Error(Exit::usage,
                text("rectangle: expected [x, y, width, height] in pixels, got ", json.dump()));
  return {.x = json[0].get<int>(),
          .y = json[1].get<int>(),
          .width = json[2].get<int>(),
          .height = json[3].get<int>()};
}

Region region_from(Json json, const fs::path& folder, std::size_t number) {
  Region region{.name = text("region ", number),
                .rectangle = {},
                .mask = {},
                .limits = {},
                .cross_backend = {}};
  if (!json.is_object())
    throw Error(Exit::usage, text("regions: expected objects, got ", json.dump()));
  if (const auto name = taken(json, "name")) region.name = word("name", *name);
  // In reports the rest of the picture is what has no name.
  if (region.name.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(Exit::usage, text("the name of region ", number,
                                  " is empty; give it one, or leave the key out"));
  if (const auto rectangle = taken(json, "rectangle"))
    region.rectangle = rectangle_from(*rectangle);
  if (const auto mask = taken(json, "mask")) region.mask = folder / word("mask", *mask);
  if (const auto ignored = taken(json, "ignore")) {
    if (!ignored->is_boolean())
      throw Error(Exit::usage, text("ignore: expected true or false, got ", ignored->dump()));
    region.ignored = ignored->get<bool>();
  }
  region.limits = limits_at(json, "limits");
  region.cross_backend = limits_at(json, "cross_backend");
  if (!json.empty())
    throw Error(Exit::usage,
                text("regions: unknown key \"", json.begin().key(),
                     "\"; known: name, rectangle, mask, ignore, limits, cross_backend"));
  if (region.rectangle.has_value() == !region.mask.empty())
    throw Error(Exit::usage, text(region.name, ": expected either a rectangle or a mask"));
  if (region.ignored == region.limits.any())
    throw Error(Exit::usage, text(region.name, ": expected either \"ignore\": true or limits"));
  if (region.ignored && region.cross_backend.any())
    throw Error(Exit::usage, text(region.name, ": it is ignored and has cross_backend limits"));
  if (needed(region.limits).clip() || needed(region.cross_backend).clip())
    throw Error(Exit::usage, text(region.name,
                                  ": CLIP looks at whole pictures; give clip_image and "
                                  "clip_direction among the limits of the case"));
  if (!region.mask.empty() && !fs::is_regular_file(region.mask))
    throw Error(Exit::file, text(region.name, ": there is no mask ", region.mask));
  return region;
}

Captions captions_from(const Json& json) {
  const auto is_said = [](const Json& value) {
    return value.is_string() &&
           value.get<std::string>().find_first_not_of(" \t\r\n") != std::string::npos;
  };
  if (!json.is_array() || json.size() != 2 || !std::all_of(json.begin(), json.end(), is_said))
    throw Error(Exit::usage,
                text("captions: expected two texts, what the input shows and what the edited "
                     "picture is to show, got ",
                     json.dump()));
  Captions captions{.before = json[0].get<std::string>(), .after = json[1].get<std::string>()};
  check_utf8(captions.before);
  check_utf8(captions.after);
  return captions;
}

void check_captions(const Case& read) {
  const bool is_needed =
      read.limits.clip_direction || (read.cross_backend && read.cross_backend->clip_direction);
  if (is_needed && !read.captions)
    throw Error(Exit::usage,
                text("the limit clip_direction needs captions: give the case ", read.name,
                     " \"captions\": [what the input shows, what the edited picture is to show]"));
}

void write_json(const fs::path& path, const Json& json, Existing existing) {
  const std::string words = json.dump(2) + "\n";
  write_atomically(path, Bytes(words.begin(), words.end()), existing);
}

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code none;
  if (!fs::is_directory(folder, none)) return found;
  FolderWalk walk(folder, {}, {});
  while (const auto file = walk.next()) found.push_back(file->path);
  return found;
}

/// The one picture of a case's folder that is called "input".
fs::path only_input(const fs::path& folder) {
  std::vector<fs::path> inputs = pictures_in(folder);
  std::erase_if(inputs, [](const fs::path& path) { return path.stem() != "input"; });
  if (inputs.size() == 1) return inputs.front();
  throw Error(Exit::file, text(folder, " has ", inputs.size(),
                               " pictures called input.*; expected one, or a case.json that says "
                               "which with \"input\""));
}

Case case_from(const fs::path& folder, const Suite& suite) {
  const fs::path path = folder / "case.json";
  Json json = json_of(path);
  return in_file(path, [&] {
    Case read{.name = folder.filename().string(),
              .folder = folder,
              .input = {},
              .request = {},
              .limits = {},
              .cross_backend = {},
              .captions = {},
              .regions = {},
              .references = pictures_in(folder / "ref")};
    const auto instruction = taken(json, "instruction");
    if (!instruction) throw Error(Exit::usage, "instruction: expected text, got nothing");
    read.request.instruction = word("instruction", *instruction);
    check_instruction(read.request.instruction);
    const auto input = taken(json, "input");
    read.input = input ? folder / word("input", *input) : only_input(folder);
    if (!fs::is_regular_file(read.input)) throw Error(Exit::file, text("there is no ", read.input));
    read.limits = limits_at(json, "limits").or_else(suite.limits);
    const Limits cross =
        limits_at(json, "cross_backend").or_else(suite.cross_backend.value_or(Limits{}));
    if (cross.any()) read.cross_backend = cross;
    if (const auto captions = taken(json, "captions")) read.captions = captions_from(*captions);
    check_captions(read);
    if (const auto regions = taken(json, "regions")) {
      if (!regions->is_array()) throw Error(Exit::usage, "regions: expected a list");
      for (const Json& region : *regions)
        read.regions.push_back(region_from(region, folder, read.regions.size() + 1));
    }
    options_from_json(json, read.request.options);
    read.request.options = merge(read.request.options, suite.defaults);
    return read;
  });
}

[[noreturn]] void throw_unlistable(const fs::path& path, const std::error_code& failed) {
  throw Error(Exit::file, text("cannot look into ", path, ": ", failed.message()));
}

bool is_there(const fs::path& path) {
  std::error_code failed;
  const bool found = fs::exists(path, failed);
  if (failed) throw_unlistable(path, failed);
  return found;
}

/// The folders of cases/, in the order of their names; git keeps no empty folder, so cases/ itself
/// may be missing.
std::vector<fs::path> case_folders(const fs::path& cases) {
  std::vector<fs::path> folders;
  if (!is_there(cases)) return folders;
  std::error_code failed;
  for (fs::directory_iterator entry(cases, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code unknown;
    if (entry->is_directory(unknown) && !entry->path().filename().string().starts_with('.'))
      folders.push_back(entry->path());
  }
  if (failed) throw_unlistable(cases, failed);
  std::ranges::sort(folders);
  return folders;
}

}  // namespace

std::string short_hash(const std::string& hash) {
  constexpr std::size_t shown = 12;
  return hash.substr(0, shown);
}

Suite read_suite(const fs::path& folder) {
  const fs::path path = folder / "suite.json";
  if (!fs::is_regular_file(path))
    throw Error(Exit::file, text(folder, " is no suite: there is no ", path,
                                 "; `ip2p regress init` makes one"));
  Suite suite;
  suite.folder = folder;
  Json json = json_of(path);
  in_file(path, [&] {
    const auto format = taken(json, "format");
    if (!format || *format != suite_format)
      throw Error(Exit::usage, text("format: expected ", suite_format, ", got ",
                                    format ? format->dump() : "nothing"));
    auto bundle = taken(json, "bundle");
    if (!bundle || !bundle->is_object() || !bundle->contains("name") || !bundle->contains("hash"))
      throw Error(Exit::usage, "bundle: expected {\"name\": ..., \"hash\": ...}");
    suite.bundle_name = word("name", bundle->at("name"));
    suite.bundle_hash = word("hash", bundle->at("hash"));
    if (const auto defaults = taken(json, "defaults")) options_from_json(*defaults, suite.defaults);
    suite.limits = limits_at(json, "limits");
    if (json.contains("cross_backend")) suite.cross_backend = limits_at(json, "cross_backend");
    if (!json.empty())
      throw Error(Exit::usage, text("unknown key \"", json.begin().key(),
                                    "\"; known: format, bundle, defaults, limits, cross_backend"));
  });
  for (const fs::path& each : case_folders(folder / "cases"))
    if (is_there(each / "case.json"))
      suite.cases.push_back(case_from(each, suite));
    else
      suite.orphans.push_back(each.filename().string());
  return suite;
}

void write_suite(const Suite& suite, Existing existing) {
  Json json{{"format", suite_format},
            {"bundle", {{"name", suite.bundle_name}, {"hash", suite.bundle_hash}}},
            {"defaults", options_to_json(suite.defaults)},
            {"limits", limits_to_json(suite.limits)}};
  if (suite.cross_backend) json["cross_backend"] = limits_to_json(*suite.cross_backend);
  make_folder(suite.folder / "cases");
  const fs::path ignored = suite.folder / ".gitignore";
  if (!fs::exists(ignored)) {
    constexpr std::string_view words = "runs/\n";
    write_atomically(ignored, Bytes(words.begin(), words.end()), Existing::keep);
  }
  write_json(suite.folder / "suite.json", json, existing);
}

void write_case(const Case& written, Existing existing) {
  Json json{{"instruction", written.request.instruction}};
  json.update(options_to_json(written.request.options));
  make_folder(written.folder);
  const fs::path input = written.folder / ("input" + written.input.extension().string());
  write_atomically(input, read_file(written.input), existing);
  write_json(written.folder / "case.json", json, existing);
}

}  // namespace ip2p
