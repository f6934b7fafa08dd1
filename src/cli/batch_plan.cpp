// batch_plan.cpp - flags and items resolved into tasks.
#include "batch_plan.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/edit/instruction.h"

#include "interrupt.h"
#include "stdin_lines.h"

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
  for (const fs::path input : flags.inputs)
    if (input.extension() == ".jsonl" || input.extension() == ".csv")
      throw Error(Exit::usage, text(input, " is a job list; give it with --manifest"));
  if (flags.device && flags.devices)
    throw Error(Exit::usage, "--device and --devices both say where; give one of them");
}

/// The extension, with its dot, of an input's output where nobody says: its own, or where that is
/// not written, .png.
std::string standard_extension(const fs::path& input) {
  return has_format(input) ? input.extension().string() : ".png";
}

/// Nothing may be written among the batch's own files.
void check_is_no_own_file(const fs::path& relative) {
  if (*relative.lexically_normal().begin() == ".ip2p")
    throw Error(Exit::usage, text("the output ", relative,
                                  " is in .ip2p, which the batch keeps for itself; name another"));
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

/// Without links and "..", also where nothing is there yet; as it is where the system does not say.
fs::path without_links(const fs::path& path) {
  std::error_code failed;
  fs::path whole = fs::weakly_canonical(fs::absolute(path, failed), failed);
  return failed ? path : whole;
}

std::string named(const BatchItem& item) {
  std::string words = text(item.input, " by \"", item.instruction, "\"");
  if (item.line > 0) words += text(" (line ", item.line, ")");
  return words;
}

/// A job or a path a line, as they come. After a line that is wrong, for which it throws, it goes
/// on with the next.
class StdinItems : public ItemSource {
 public:
  StdinItems(const ItemRules& rules, const fs::path& output_folder, StopCheck stopping)
      : rules_(rules),
        output_folder_(without_links(output_folder)),
        stopping_(std::move(stopping)) {}

  std::optional<BatchItem> next() override {
    while (next_ == waiting_.size()) {
      const std::optional<std::string> line = lines_.next(stopping_);
      if (!line) return std::nullopt;
      waiting_.clear();
      next_ = 0;
      ++number_;
      if (is_own_output(*line))
        ++skipped_;
      else
        waiting_ = items_from_line(*line, number_, rules_);
    }
    return std::move(waiting_[next_++]);
  }

  [[nodiscard]] std::uint64_t skipped() const override { return skipped_; }

 private:
  /// A path that was found below the output folder, as `find .` finds them: an earlier run's
  /// output. A job that names one means it.
  [[nodiscard]] bool is_own_output(const std::string& line) const {
    if (line.empty() || line.front() == '{') return false;
    const fs::path path = without_links(line);
    const auto [end, ignored] = std::ranges::mismatch(output_folder_, path);
    return end == output_folder_.end();
  }

  const ItemRules& rules_;
  fs::path output_folder_;
  StopCheck stopping_;
  StdinLines lines_;
  std::vector<BatchItem> waiting_;  ///< of one line
  std::size_t next_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t skipped_ = 0;
};

/// How two items that have one output can be told apart.
std::string collision_advice(const BatchItem& one, const BatchItem& other) {
  if (one.instruction != other.instruction) return "with {edit} or {words} in --template";
  if (one.variation != other.variation) return "with {seed} in --template";
  if (one.input.parent_path() != other.input.parent_path())
    return "with {parent} in --template, which is the name of the input's folder, or give the "
           "folder that holds both, with --recursive";
  return "with {line} in --template, or give one of them an output of its own";
}

/// Error{usage} when two of the items are different ones with one output. `outputs`: the hashes of
/// all outputs, in any order. What is given twice is no fault: it is made once.
void check_collisions(const BatchPlan& plan, std::deque<std::uint64_t>& outputs) {
  std::ranges::sort(outputs);
  std::vector<std::uint64_t> twice;
  for (auto at = std::ranges::adjacent_find(outputs); at != outputs.end();
       at = std::adjacent_find(std::upper_bound(at, outputs.end(), *at), outputs.end()))
    twice.push_back(*at);
  if (twice.empty()) return;

  struct First {
    bool is_known = false;
    BatchItem item;
    std::uint64_t fingerprint = 0;
  };
  std::vector<First> firsts(twice.size());
  const auto items = plan.items();
  while (std::optional<BatchItem> item = items->next()) {
    const std::optional<BatchTask> task = plan.task(std::move(*item));
    if (!task) continue;
    const std::uint64_t hash = hash_of(task->output);
    const auto place = std::ranges::lower_bound(twice, hash);
    if (place == twice.end() || *place != hash) continue;
    First& first = firsts[static_cast<std::size_t>(place - twice.begin())];
    if (!first.is_known) {
      first = {.is_known = true, .item = task->item, .fingerprint = task->fingerprint};
    } else if (first.fingerprint != task->fingerprint) {
      throw Error(Exit::usage,
                  text(named(first.item), " and ", named(task->item), " would both be written to ",
                       task->path, "; tell them apart ", collision_advice(first.item, task->item)));
    }
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
  if (flags.format) (void)format_named(*flags.format);
  bundle_ = choose_bundle(flags.model);
  manifest_ = read_manifest(bundle_);
  // What no picture's size could make right.
  constexpr int any_side = 512;
  (void)fit_sizes({any_side, any_side},
                  fit_rule(resolve(flags.options, manifest_.defaults), manifest_));
}

std::unique_ptr<ItemSource> BatchPlan::items(const StopCheck& stopping) const {
  if (reads_stdin_) return std::make_unique<StdinItems>(rules_, folder_, stopping);
  if (flags_.manifest) return items_from_job_list(*flags_.manifest, rules_);
  return items_from_inputs(
      {.inputs = flags_.inputs, .recursive = flags_.recursive, .output_folder = folder_}, rules_);
}

std::optional<BatchTask> BatchPlan::task(BatchItem item) const {
  const std::uint64_t line = item.line;
  try {
    return placed(std::move(item));
  } catch (const Error& error) {
    if (line == 0) throw;
    throw Error(error.exit(), text(reads_stdin_ ? "stdin" : *flags_.manifest, " line ", line, ": ",
                                   error.what()));
  }
}

std::optional<BatchTask> BatchPlan::placed(BatchItem item) const {
  BatchTask task;
  if (item.options.sampler) check_sampler_name(*item.options.sampler);
  task.request = {.instruction = item.instruction,
                  .options = resolve(merge(item.options, flags_.options), manifest_.defaults)};
  task.request.options.seed = item_seed(item, flags_.options.seed.value_or(0));

  fs::path relative = output_of(item, *task.request.options.seed);
  task.format = format_of(relative);
  check_is_no_own_file(relative);
  task.path = output_below(folder_, relative, flags_.allow_outside);
  task.output = relative.lexically_normal().string();
  if (!in_shard(task.output, shard_)) return std::nullopt;
  task.item = std::move(item);
  task.fingerprint = fingerprint(task);
  return task;
}

/// Below the output folder, with an extension that is written.
fs::path BatchPlan::output_of(const BatchItem& item, std::uint64_t seed) const {
  const bool is_standard = item.output.empty() && pattern_.empty();
  fs::path relative = item.output;
  if (is_standard)
    relative = OutputTemplate(standard_template(std::max<std::size_t>(item.edits, 1), item.count))
                   .path(item, seed);
  else if (item.output.empty())
    relative = OutputTemplate(pattern_).path(item, seed);
  const std::string extension =
      flags_.format ? "." + *flags_.format : standard_extension(item.input);
  if (is_standard) return relative += extension;
  if (!has_format(relative)) {
    // Only what somebody wrote is an extension; what a field gave may be part of a name.
    const bool ends_with_field = item.output.empty() && pattern_.ends_with('}');
    if (ends_with_field && pattern_.ends_with("{ext}"))
      return relative.replace_extension(extension);
    if (ends_with_field || !relative.has_extension()) return relative += extension;
  }
  const OutputFormat format = format_of(relative);
  if (flags_.format && format != format_named(*flags_.format))
    throw Error(Exit::usage,
                text("the output ", relative, " is called as ", name_of(format),
                     " is, and --format says ", *flags_.format, "; leave one of them out"));
  return relative;
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
  constexpr std::uint64_t request = (std::uint64_t{1} << static_cast<unsigned>(request_bits)) - 1;
  return (hash_of(without_links(task.item.input).string()) & ~request) |
         (hash_of(all.dump()) & request);
}

BatchSurvey survey(const BatchPlan& plan, const FindStanding& standing) {
  BatchSurvey found;
  std::deque<std::uint64_t> outputs;  // a vector that grows would hold them twice for a moment
  const auto items = plan.items(interrupted);
  while (std::optional<BatchItem> item = interrupted() ? std::nullopt : items->next()) {
    ++found.items;
    std::optional<BatchTask> task = plan.task(std::move(*item));
    if (!task) continue;
    ++found.here;
    if (!plan.reads_stdin()) outputs.push_back(hash_of(task->output));
    const Standing stands = standing ? standing(*task) : Standing::to_do;
    if (stands == Standing::done) ++found.done;
    if (stands == Standing::failed) ++found.failed;
    if (stands != Standing::to_do) continue;
    ++found.to_do;
    found.steps += static_cast<std::uint64_t>(*task->request.options.steps);
    if (found.first.size() < shown_outputs) found.first.push_back(task->path);
    if (!standing) continue;
    std::error_code unknown;
    if (fs::exists(task->path, unknown)) ++(task->replaces ? found.replaced : found.blocked);
    if (!fs::exists(task->item.input, unknown)) ++found.absent;
  }
  found.skipped = items->skipped();
  found.unlisted = items->unlisted();
  if (interrupted()) throw Error(Exit::interrupted, "interrupted; nothing was done");
  if (found.items == 0)
    throw Error(Exit::file, text("there are no pictures among the inputs (", found.skipped,
                                 " others were left out)"));

  check_collisions(plan, outputs);
  return found;
}

}  // namespace ip2p::cli
