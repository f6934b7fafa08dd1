// batch_plan.cpp - flags and items resolved into tasks.
#include "batch_plan.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/edit/instruction.h"

namespace ip2p::cli {
namespace {

constexpr std::size_t shown_outputs = 5;

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void check_together(const BatchFlags& flags) {
  if (flags.inputs.empty() == !flags.manifest)
    throw Error(Exit::usage, flags.manifest
                                 ? "INPUT and --manifest both say what to edit; give one of them"
                                 : "no pictures were given; name files or folders, or give "
                                   "--manifest");
  if (!flags.output || flags.output->empty())
    throw Error(Exit::usage, "no output folder was given; say where with -o DIR");
  if (flags.edits.empty() && !flags.manifest && flags.inputs != std::vector<std::string>{"-"})
    throw Error(Exit::usage, "no instruction was given; say what to change with --edit \"...\"");
  if (std::ranges::count(flags.inputs, "-") > 0 && flags.inputs.size() > 1)
    throw Error(Exit::usage, "- reads all inputs from stdin; give no others beside it");
  for (const std::string& words : flags.edits) check_instruction(words);
  if (flags.device && flags.devices)
    throw Error(Exit::usage, "--device and --devices both say where; give one of them");
}

/// The extension that outputs have where the template does not say: {ext} keeps the input's.
std::string extension(const BatchFlags& flags) {
  return flags.format ? *flags.format : "{ext}";
}

/// Of an input that is stored in a format that is not written, such as BMP.
fs::path with_writable_extension(fs::path path) {
  try {
    (void)format_of(path);
  } catch (const Error&) {
    path += ".png";
  }
  return path;
}

/// 64 bits that name a text.
std::uint64_t hash_of(const std::string& words) {
  const ByteSpan bytes(reinterpret_cast<const std::uint8_t*>(words.data()), words.size());
  return std::stoull(sha256_of(bytes).substr(0, 16), nullptr, 16);
}

/// What says that a file is another one now.
std::string stamp_of(const fs::path& path) {
  std::error_code missing;
  const std::uintmax_t size = fs::file_size(path, missing);
  if (missing) return "";
  const auto time = fs::last_write_time(path, missing).time_since_epoch().count();
  return text(size, ' ', time);
}

std::string named(const BatchItem& item) {
  std::string words = text(item.input, " by \"", item.instruction, "\"");
  if (item.line > 0) words += text(" (line ", item.line, ")");
  return words;
}

/// A job or a path a line, as they come.
class StdinItems : public ItemSource {
 public:
  explicit StdinItems(const ItemRules& rules) : rules_(rules) {}

  std::optional<BatchItem> next() override {
    while (next_ == waiting_.size()) {
      std::string line;
      if (!std::getline(std::cin, line)) return std::nullopt;
      waiting_ = items_from_line(line, ++line_, rules_);
      next_ = 0;
    }
    return std::move(waiting_[next_++]);
  }

 private:
  const ItemRules& rules_;
  std::vector<BatchItem> waiting_;  ///< of one line
  std::size_t next_ = 0;
  std::uint64_t line_ = 0;
};

/// `output` is the hash of one that two items have.
[[noreturn]] void throw_collision(const BatchPlan& plan, std::uint64_t output) {
  constexpr const char* advice =
      "tell them apart with --template, such as \"{dir}/{stem}_{seed}.{ext}\"";
  if (plan.reads_stdin())
    throw Error(Exit::usage, text("two lines of stdin would be written to one output; ", advice));
  const auto items = plan.items();
  std::optional<BatchItem> first;
  while (std::optional<BatchItem> item = items->next()) {
    const std::optional<BatchTask> task = plan.task(*item);
    if (!task || hash_of(task->output) != output) continue;
    if (first)
      throw Error(Exit::usage, text(named(*first), " and ", named(*item),
                                    " would both be written to ", task->path, "; ", advice));
    first = std::move(item);
  }
  throw Error(Exit::file, "the inputs changed while they were listed; start again");
}

void check_sampler(const BatchItem& item) {
  try {
    check_sampler_name(*item.options.sampler);
  } catch (const Error& error) {
    throw Error(error.exit(), text("line ", item.line, ": ", error.what()));
  }
}

}  // namespace

BatchPlan::BatchPlan(const BatchFlags& flags) : flags_(flags) {
  validate(flags);
  validate(flags.options);
  check_together(flags);
  if (flags.options.sampler) check_sampler_name(*flags.options.sampler);
  rules_ = {.instructions = flags.edits, .count = flags.count};
  folder_ = *flags.output;
  shard_ = shard_from(flags.shard, process_environment);
  reads_stdin_ = flags.inputs == std::vector<std::string>{"-"};
  pattern_ = flags.name_template.value_or("");
  if (flags.name_template) (void)OutputTemplate(pattern_);
  bundle_ = choose_bundle(flags.model);
  manifest_ = read_manifest(bundle_);
}

std::unique_ptr<ItemSource> BatchPlan::items() const {
  if (reads_stdin_) return std::make_unique<StdinItems>(rules_);
  if (flags_.manifest) return items_from_job_list(*flags_.manifest, rules_);
  return items_from_inputs(
      {.inputs = flags_.inputs, .recursive = flags_.recursive, .output_folder = folder_}, rules_);
}

std::optional<BatchTask> BatchPlan::task(BatchItem item) const {
  BatchTask task;
  if (item.options.sampler) check_sampler(item);
  task.request = {.instruction = item.instruction,
                  .options = resolve(merge(item.options, flags_.options), manifest_.defaults)};
  task.request.options.seed = item_seed(item, flags_.options.seed.value_or(0));

  fs::path relative = item.output;
  if (item.output.empty()) {
    const std::string pattern =
        pattern_.empty()
            ? standard_template(std::max<std::size_t>(item.edits, 1), item.count, extension(flags_))
            : pattern_;
    relative = OutputTemplate(pattern).path(item, *task.request.options.seed);
  }
  if (flags_.format)
    task.format = format_named(*flags_.format);
  else
    task.format = format_of(relative = with_writable_extension(relative));
  task.path = output_below(folder_, relative, flags_.allow_outside);
  task.output = relative.lexically_normal().string();
  if (!in_shard(task.output, shard_)) return std::nullopt;
  task.item = std::move(item);
  task.fingerprint = fingerprint(task);
  return task;
}

std::uint64_t BatchPlan::fingerprint(const BatchTask& task) const {
  nlohmann::ordered_json all = options_to_json(task.request.options);
  all["instruction"] = task.request.instruction;
  all["bundle"] = manifest_.sha256;
  all["input"] = stamp_of(task.item.input);
  all["format"] = name_of(task.format);
  all["strip"] = flags_.strip;
  // The device may change from run to run; a precision that was asked for may not.
  all["dtype"] = flags_.dtype.value_or("auto");
  return hash_of(all.dump());
}

BatchSurvey survey(const BatchPlan& plan,
                   const std::function<Standing(const BatchTask&)>& standing) {
  BatchSurvey found;
  std::vector<std::uint64_t> outputs;
  const auto items = plan.items();
  while (std::optional<BatchItem> item = items->next()) {
    ++found.items;
    const std::optional<BatchTask> task = plan.task(std::move(*item));
    if (!task) continue;
    ++found.here;
    outputs.push_back(hash_of(task->output));
    const Standing stands = standing ? standing(*task) : Standing::to_do;
    if (stands == Standing::done) ++found.done;
    if (stands == Standing::failed) ++found.failed;
    if (stands != Standing::to_do) continue;
    ++found.to_do;
    found.steps += static_cast<std::uint64_t>(*task->request.options.steps);
    if (found.first.size() < shown_outputs) found.first.push_back(task->path);
  }
  found.skipped = items->skipped();
  if (found.items == 0)
    throw Error(Exit::file, text("there are no pictures among the inputs (", found.skipped,
                                 " files are none)"));

  std::ranges::sort(outputs);
  const auto twice = std::ranges::adjacent_find(outputs);
  if (twice != outputs.end()) throw_collision(plan, *twice);
  return found;
}

}  // namespace ip2p::cli
