// job.cpp - the keys of a job, each checked before anything is made of it.
#include "job.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "ip2p/base/options.h"
#include "ip2p/edit/instruction.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const std::string& sentence) {
  throw Error(Exit::usage, sentence);
}

/// The system would end a path at a zero byte: another path than the one that was checked.
std::string path_at(const Json& job, const char* key) {
  std::string path;
  detail::take(key, job.at(key), path);
  if (path.empty() || path.find('\0') != std::string::npos)
    fail(text(key, ": expected a path, got ",
              path.empty() ? "nothing" : "one with a zero byte in it"));
  return path;
}

std::vector<std::string> instructions_of(const Json& job, const ItemRules& rules) {
  if (!job.contains("instruction")) {
    if (rules.instructions.empty())
      fail("instruction is missing; add it, or give --edit for the jobs that have none");
    return rules.instructions;
  }
  const Json& value = job.at("instruction");
  const Json list = value.is_array() ? value : Json::array({value});
  if (list.empty()) fail("instruction: expected a string or a list of strings, got []");
  std::vector<std::string> instructions;
  for (const Json& entry : list) {
    if (!entry.is_string())
      detail::throw_wrong_type("instruction", "a string or a list of strings", entry);
    check_instruction(instructions.emplace_back(entry.get<std::string>()));
  }
  return instructions;
}

std::int64_t count_of(const Json& job, const ItemRules& rules) {
  if (!job.contains("count")) return rules.count;
  std::int64_t count = 0;
  detail::take("count", job.at("count"), count);
  if (!ItemRules::count_range.allows(count))
    fail(text("count: expected ", expectation<std::int64_t>(ItemRules::count_range), ", got ",
              count));
  return count;
}

/// The sentences about options name flags; here they are keys.
std::string as_key(std::string_view sentence) {
  if (!sentence.starts_with("--")) return std::string(sentence);
  sentence.remove_prefix(2);
  const std::size_t end = std::min(sentence.find(':'), sentence.size());
  return json_key(sentence.substr(0, end)) + std::string(sentence.substr(end));
}

EditOptions options_of(const Json& job) {
  auto given = Json::object();
  for (const char* key : {"seed", "cfg_text", "cfg_image", "steps", "sampler"})
    if (job.contains(key)) given[key] = job.at(key);
  EditOptions options;
  try {
    options_from_json(given, options);
  } catch (const Error& error) {
    throw Error(error.exit(), as_key(error.what()));
  }
  return options;
}

/// What no single key shows.
void check_together(const BatchItem& item, std::size_t instructions, std::int64_t count) {
  const auto pictures = static_cast<std::uint64_t>(count) * instructions;
  if (!item.output.empty() && pictures > 1)
    fail(text("output names one file, and this job is ", pictures,
              " pictures: leave output out, so that the template names them, or make several jobs "
              "of it"));
  const std::uint64_t room =
      std::numeric_limits<std::uint64_t>::max() - item.options.seed.value_or(0);
  if (room < static_cast<std::uint64_t>(count) - 1)
    fail(text("seed ", *item.options.seed, " leaves no room for ", count,
              " seeds; give a smaller one"));
}

}  // namespace

const JobKey& check_job_key(std::string_view name) {
  if (name == "mask") fail("mask is reserved: edits within a mask are not there yet; remove it");
  const auto* const found = std::ranges::find(job_keys, name, &JobKey::name);
  if (found != job_keys.end()) return *found;
  std::string known;
  for (const JobKey& key : job_keys) known += (known.empty() ? "" : ", ") + std::string(key.name);
  fail(text("unknown key \"", name, "\"; known: ", known));
}

ItemSeries items_of_job(const Json& job, const fs::path& folder, std::uint64_t line,
                        const ItemRules& rules) {
  if (!job.is_object()) detail::throw_wrong_type("the line", "an object", job);
  for (const auto& entry : job.items()) check_job_key(entry.key());
  if (!job.contains("input")) fail("input is missing; add it, or remove the line");

  BatchItem item;
  item.line = line;
  const fs::path input = path_at(job, "input");
  item.id = input.lexically_normal();  // "./a.jpg" is "a.jpg", and has its seed
  item.input = folder / input;
  if (job.contains("output")) item.output = path_at(job, "output");
  item.options = options_of(job);

  std::vector<std::string> instructions = instructions_of(job, rules);
  const std::int64_t count = count_of(job, rules);
  check_together(item, instructions.size(), count);
  return {std::move(item), std::move(instructions), count};
}

ItemSeries items_of_path(const std::string& path, const fs::path& folder, std::uint64_t line,
                         const ItemRules& rules) {
  auto job = Json::object();
  job["input"] = path;
  return items_of_job(job, folder, line, rules);
}

}  // namespace ip2p
