// example.cpp - three ways in which sets of edits are laid out on a disk.
#include "ip2p/train/example.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"

namespace ip2p {
namespace {

using Json = nlohmann::json;

std::string read_text(const fs::path& path) {
  const Bytes bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

/// `where` is the file, with a line where there is one.
Json parse(const std::string& where, std::string_view json) {
  try {
    return parse_json<Json>(json);
  } catch (const std::exception& error) {
    throw Error(Exit::file, text(where, " is not valid JSON (", error.what(), "); correct it"));
  }
}

[[noreturn]] void fail(const std::string& where, std::string_view key, std::string_view expected,
                       const Json& got) {
  constexpr std::size_t longest = 60;
  std::string shown = got.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (shown.size() > longest) shown = "something of " + std::to_string(shown.size()) + " bytes";
  throw Error(Exit::file, text(where, ": ", key, ": expected ", expected, ", got ", shown,
                               "; correct or remove the entry"));
}

const Json& required(const std::string& where, const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end())
    throw Error(Exit::file, text(where, ": ", key, " is missing; correct or remove the entry"));
  return *found;
}

bool is_blank(const std::string& words) {
  return words.find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string required_text(const std::string& where, const Json& object, const char* key) {
  const Json& value = required(where, object, key);
  if (!value.is_string() || is_blank(value.get_ref<const std::string&>()))
    fail(where, key, "text", value);
  return value.get<std::string>();
}

std::vector<std::string> instructions_at(const std::string& where, const Json& object,
                                         const char* key) {
  constexpr std::string_view expected = "an instruction or a list of them, none blank";
  const Json& value = required(where, object, key);
  const Json list = value.is_array() ? value : Json::array({value});
  std::vector<std::string> instructions;
  for (const Json& entry : list) {
    if (!entry.is_string() || is_blank(entry.get_ref<const std::string&>()))
      fail(where, key, expected, value);
    instructions.push_back(entry.get<std::string>());
  }
  if (instructions.empty()) fail(where, key, expected, value);
  return instructions;
}

/// One line of a metadata.jsonl.
Example example_of_line(const std::string& where, std::string_view line, const fs::path& folder) {
  const Json json = parse(where, line);
  if (!json.is_object()) fail(where, "the line", "an object", json);
  Example example;
  example.input = folder / required_text(where, json, "input_image");
  example.edited = folder / required_text(where, json, "edited_image");
  example.instructions = instructions_at(where, json, "edit_prompt");
  if (const auto whole = json.find("whole"); whole != json.end()) {
    if (!whole->is_boolean()) fail(where, "whole", "true or false", *whole);
    example.whole = whole->get<bool>();
  }
  return example;
}

std::vector<Example> read_lines(const fs::path& path) {
  const std::string all = read_text(path);
  std::vector<Example> examples;
  std::string_view rest = all;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    examples.push_back(example_of_line(text(path, " line ", number), line, path.parent_path()));
  }
  return examples;
}

/// One folder of the original's layout: an example for each seed.
void add_folder(const fs::path& folder, const std::vector<std::string>& seeds,
                std::vector<Example>& examples) {
  if (seeds.empty()) return;
  const fs::path prompt = folder / "prompt.json";
  const Json json = parse(text(prompt), read_text(prompt));
  if (!json.is_object()) fail(text(prompt), "the file", "an object", json);
  const std::vector<std::string> instructions = instructions_at(text(prompt), json, "edit");
  for (const std::string& seed : seeds)
    examples.push_back({.input = folder / (seed + "_0.jpg"),
                        .edited = folder / (seed + "_1.jpg"),
                        .instructions = instructions});
}

/// The original's prepare_dataset.py writes seeds as text; numbers mean the same.
std::string seed_name(const std::string& where, const Json& seed) {
  if (seed.is_string()) return seed.get<std::string>();
  if (!seed.is_number_integer()) fail(where, "a seed", "text or a whole number", seed);
  return seed.dump();
}

std::vector<Example> read_seed_list(const fs::path& path) {
  const Json json = parse(text(path), read_text(path));
  if (!json.is_array()) fail(text(path), "the file", "a list [[folder, [seed, ...]], ...]", json);
  std::vector<Example> examples;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const Json& entry = json.at(i);
    const std::string where = text(path, " entry ", i + 1);
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_array())
      fail(where, "the entry", "[folder, [seed, ...]]", entry);
    std::vector<std::string> seeds;
    for (const Json& seed : entry[1]) seeds.push_back(seed_name(where, seed));
    add_folder(path.parent_path() / entry[0].get<std::string>(), seeds, examples);
  }
  return examples;
}

/// The entries of a folder in the order of their names: the file system's own order is none.
std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed))
    entries.push_back(entry->path());
  if (failed) throw Error(Exit::file, text("cannot read ", folder, ": ", failed.message()));
  std::ranges::sort(entries);
  return entries;
}

std::vector<std::string> complete_seeds(const fs::path& folder) {
  constexpr std::string_view ending = "_0.jpg";
  std::vector<std::string> seeds;
  for (const fs::path& entry : sorted_entries(folder)) {
    std::string name = entry.filename().string();
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    if (fs::exists(folder / (name + "_1.jpg"))) seeds.push_back(std::move(name));
  }
  return seeds;
}

std::vector<Example> read_prompt_folders(const fs::path& path) {
  std::vector<Example> examples;
  for (const fs::path& folder : sorted_entries(path))
    if (fs::is_regular_file(folder / "prompt.json"))
      add_folder(folder, complete_seeds(folder), examples);
  return examples;
}

std::vector<Example> read_folder(const fs::path& folder) {
  if (fs::exists(folder / "metadata.jsonl")) return read_lines(folder / "metadata.jsonl");
  if (fs::exists(folder / "seeds.json")) return read_seed_list(folder / "seeds.json");
  return read_prompt_folders(folder);
}

}  // namespace

std::vector<Example> read_examples(const fs::path& path) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  std::vector<Example> examples = is_folder ? read_folder(path) : read_lines(path);
  if (examples.empty())
    throw Error(
        Exit::file,
        text(path,
             " has no examples: expected lines with input_image, edited_image and "
             "edit_prompt in ",
             is_folder ? "its metadata.jsonl, a seeds.json, or sub-folders with prompt.json "
                         "and SEED_0.jpg, SEED_1.jpg"
                       : "it",
             "; name another folder or .jsonl file"));
  return examples;
}

}  // namespace ip2p
