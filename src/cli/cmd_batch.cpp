// cmd_batch.cpp - many pictures: what is done stays done.
#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/batch/editor_model.h"
#include "ip2p/batch/engine.h"
#include "ip2p/batch/results_log.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/model/devices.h"
#include "ip2p/text/tokenizer.h"

#include "batch_dry_run.h"
#include "batch_flags.h"
#include "batch_plan.h"
#include "batch_report.h"
#include "batch_todo.h"
#include "command.h"
#include "edit_report.h"
#include "interrupt.h"
#include "option_flags.h"

namespace ip2p::cli {
namespace {

constexpr std::size_t most_together = 256;

std::size_t batch_size(const BatchFlags& flags) {
  if (flags.batch_size == "auto") return 0;
  const std::string problem =
      number_problem<std::int64_t>(flags.batch_size, Range<std::int64_t>{1, most_together});
  if (!problem.empty()) throw Error(Exit::usage, text("--batch-size: ", problem, ", or auto"));
  return std::stoul(flags.batch_size);
}

std::vector<std::string> split(const std::string& words, char at) {
  std::vector<std::string> parts{""};
  for (const char letter : words)
    if (letter == at)
      parts.emplace_back();
    else
      parts.back() += letter;
  return parts;
}

/// A name for each model that is to be loaded.
std::vector<std::string> chosen_devices(const BatchFlags& flags) {
  std::vector<std::string> chosen{flags.device.value_or("auto")};
  if (flags.devices && *flags.devices != "all") chosen = split(*flags.devices, ',');
  if (flags.devices && *flags.devices == "all") {
    chosen.clear();
    for (const DeviceInfo& device : devices())
      if (device.name != "cpu") chosen.push_back(device.name);
    if (chosen.empty()) chosen.emplace_back("cpu");
  }
  std::size_t on_cpu = 0;
  for (const std::string& device : chosen)
    if (resolved_placement(device, "auto").device == "cpu") ++on_cpu;
  if (on_cpu > 0 && on_cpu < chosen.size())
    throw Error(Exit::usage,
                "--devices names GPUs and the CPU: they compute in different precisions, "
                "so a picture would depend on which was free; name GPUs alone");
  if (!flags.workers) return chosen;
  if (chosen.size() > 1 || resolved_placement(chosen.front(), "auto").device != "cpu")
    throw Error(Exit::usage,
                "--workers divides the cores of the CPU; give --device cpu with it, or "
                "--devices for several GPUs");
  return std::vector<std::string>(static_cast<std::size_t>(*flags.workers), "cpu");
}

/// At most a screenful of what is missing.
void say_missing(const MergedResults& merged) {
  constexpr std::size_t shown = 20;
  if (!merged.unfinished_shards.empty()) {
    std::string shards;
    for (const std::uint64_t shard : merged.unfinished_shards) shards += text(' ', shard);
    std::cout << "not finished: shard" << shards << "\n";
  }
  for (std::size_t i = 0; i < std::min(shown, merged.missing_outputs.size()); ++i)
    std::cout << "not there: " << merged.missing_outputs[i] << "\n";
  if (merged.missing > shown) std::cout << text("... and ", merged.missing - shown, " more\n");
}

Exit merge(const BatchFlags& flags) {
  const MergedResults merged = merge_results(*flags.merge_results);
  if (flags.json) {
    print_json({{"results", merged.results},
                {"failed", merged.failed},
                {"missing", merged.missing},
                {"shards", merged.shards},
                {"of_shards", merged.of_shards},
                {"unfinished_shards", merged.unfinished_shards},
                {"missing_outputs", merged.missing_outputs}});
  } else {
    std::cout << counted(merged.results, "result");
    if (merged.of_shards > 0)
      std::cout << text(" of ", merged.shards, " of ", merged.of_shards, " shards");
    std::cout << text(": ", merged.failed, " failed, ", merged.missing,
                      " said to be done and not there\n");
    say_missing(merged);
  }
  const bool whole = merged.failed == 0 && merged.missing == 0 && merged.shards == merged.of_shards;
  return whole ? Exit::ok : Exit::no;
}

EngineRules engine_rules(const BatchPlan& plan, const BatchFlags& flags,
                         const LoadedModels& loaded) {
  constexpr std::size_t largest_on_cpu = 8;
  constexpr std::size_t largest_on_gpu = 64;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return {.manifest = plan.manifest(),
          .device = loaded.device,
          .dtype = loaded.dtype,
          .limits = {.max_megapixels = flags.max_megapixels},
          .readers = std::clamp<std::size_t>(cores / 2, 1, 16),
          .writers = std::clamp<std::size_t>(cores / 2, 1, 16),
          .batch_size = batch_size(flags),
          .largest_batch = loaded.device == "cpu" ? largest_on_cpu : largest_on_gpu,
          .retries = static_cast<std::uint64_t>(flags.retries),
          .max_failures = static_cast<std::uint64_t>(flags.max_failures),
          .strip = flags.strip,
          .overwrite = flags.overwrite,
          .folder = plan.folder(),
          .allow_outside = flags.allow_outside};
}

LoadedModels load(const BatchPlan& plan, const BatchFlags& flags) {
  return with_origin(plan.bundle(), [&] {
    const std::vector<std::string> devices = chosen_devices(flags);
    const int threads =
        flags.workers ? std::max(1, cpu_threads() / static_cast<int>(*flags.workers)) : 0;
    return load_models(plan.bundle().folder, devices, flags.dtype.value_or("auto"), threads,
                       read_rewrites(flags.rewrites.value_or("all")));
  });
}

/// Says once of each instruction that is too long what the model will not see.
class CutWarnings {
 public:
  explicit CutWarnings(const Manifest& manifest)
      : tokenizer_(manifest.file("tokenizer").path, manifest.text) {}

  void look_at(const std::string& instruction) {
    if (instruction == last_) return;  // as nearly always
    last_ = instruction;
    if (tokenizer_.encode(instruction).dropped.empty()) return;
    if (said_.size() >= most_remembered) said_.clear();
    if (said_.insert(instruction).second) warn_if_cut(tokenizer_, instruction);
  }

 private:
  static constexpr std::size_t most_remembered = 4096;  // a list may have millions

  Tokenizer tokenizer_;
  std::string last_;
  std::set<std::string> said_;
};

/// The run's end in one line.
std::string summary(const BatchTodo& todo, const BatchReport& report, const BatchCounts& counts) {
  const std::uint64_t failed = counts.failed + todo.refused();
  std::string words = text(counts.done, " done");
  if (todo.replaced() > 0) words += text(" (", todo.replaced(), " in place of earlier ones)");
  if (todo.done_before() > 0) words += text(", ", todo.done_before(), " done before");
  if (failed > 0) words += text(", ", failed, " failed (", report.failures(), ")");
  if (todo.failed_before() > 0)
    words += text(", ", todo.failed_before(), " failed before (--retry-failed tries them again)");
  if (todo.skipped() > 0)
    words += text(", ", counted(todo.skipped(), "file"), " left out: no pictures");
  return words;
}

Exit run_all(const BatchPlan& plan, const BatchFlags& flags, std::optional<std::uint64_t> items) {
  ResultsLog log(plan.folder(), plan.shard());
  BatchReport report(flags, items);
  BatchTodo todo(plan, flags, log,
                 {.passed_over = [&](const BatchTask& task,
                                     Standing standing) { report.passed_over(task, standing); },
                  .refused = [&](const Error& error) { report.refused(error); }});
  const StopCheck stop = [&report] { return interrupted() || report.is_stdout_closed(); };
  // A run that has nothing left to do loads no model; but a worker loads while it waits.
  std::optional<BatchTask> first;
  if (!plan.reads_stdin()) first = todo.next(stop);
  BatchCounts counts;
  if (first || plan.reads_stdin()) {
    report.say(text("loading ", plan.manifest().name));
    const LoadedModels loaded = load(plan, flags);
    report.start(loaded.placed);
    log::debug(placement_words(loaded.device, loaded.dtype));
    CutWarnings cut(plan.manifest());
    const NextTask next = [&](const StopCheck& stopping) {
      auto task = first ? std::exchange(first, std::nullopt) : todo.next(stopping);
      if (task) cut.look_at(task->request.instruction);
      return task;
    };
    const auto observe = [&](const BatchEvent& event) {
      report.ended(event, todo.done_before(), todo.failed_before());
      todo.ended(event.task.output);
    };
    counts = run_batch(next, loaded.models, engine_rules(plan, flags, loaded), log, observe, stop);
  }
  report.clear();
  for (const std::string& sentence : todo.unlisted()) log::warn(sentence);
  if (!counts.stopped && !stop() && items) log.finished(*items);
  log.close();
  log::info(summary(todo, report, counts));

  if (report.is_stdout_closed())
    throw Error(Exit::file, "stopped, as nobody reads stdout any more; the same command goes on");
  if (interrupted())
    throw Error(Exit::interrupted, flags.no_resume
                                       ? "interrupted; without --no-resume the same command goes on"
                                       : "interrupted; the same command goes on from there");
  if (counts.stopped)
    log::warn(text("stopped after ", counts.failed, " failures, as --max-failures says"));
  const bool all_well = counts.failed + todo.failed_before() + todo.refused() == 0;
  return all_well && todo.unlisted().empty() ? Exit::ok : Exit::no;
}

Exit run(const BatchFlags& flags) {
  if (flags.merge_results) return merge(flags);
  const BatchPlan plan(flags);
  (void)batch_size(flags);
  if (plan.shard().count > 1 && !flags.shard)
    log::info(text("shard ", plan.shard().index, " of ", plan.shard().count,
                   ", as the environment says; --shard 1/1 does everything"));
  if (flags.dry_run) return say_batch_plan(plan, flags, chosen_devices(flags).size());
  if (!flags.quiet) announce_interrupt("\nip2p: finishing what is begun; again to stop at once\n");
  std::optional<std::uint64_t> items;
  if (!plan.reads_stdin()) items = survey(plan).here;
  const Exit exit = run_all(plan, flags, items);
  if (plan.manifest().random_weights)
    log::info(
        text(plan.manifest().name, " has random weights: it is for tests, its edits mean nothing"));
  return exit;
}

}  // namespace

Command batch_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand("batch", "Edit many pictures; goes on where it stopped");
  auto flags = std::make_shared<BatchFlags>();
  declare_batch_flags(*app, *flags);
  return {app, [flags] {
            if (flags->quiet) log::set_level(log::Level::warning);
            if (flags->verbose) log::set_level(log::Level::debug);
            return run(*flags);
          }};
}

}  // namespace ip2p::cli
