// cmd_batch.cpp - many pictures: what is done stays done.
#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/batch/editor_model.h"
#include "ip2p/batch/engine.h"
#include "ip2p/batch/results_log.h"
#include "ip2p/model/devices.h"

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
  if (!flags.workers) return chosen;
  if (chosen.size() > 1 || resolved_placement(chosen.front(), "auto").device != "cpu")
    throw Error(Exit::usage,
                "--workers divides the cores of the CPU; give --device cpu with it, or "
                "--devices for several GPUs");
  return std::vector<std::string>(static_cast<std::size_t>(*flags.workers), "cpu");
}

Exit merge(const BatchFlags& flags) {
  const MergedResults merged = merge_results(*flags.merge_results);
  nlohmann::ordered_json said{{"results", merged.results},
                              {"failed", merged.failed},
                              {"missing", merged.missing},
                              {"shards", merged.shards},
                              {"of_shards", merged.of_shards}};
  if (flags.json)
    print_json(said);
  else
    std::cout << text(merged.results, " results of ", merged.shards, " of ", merged.of_shards,
                      " shards: ", merged.failed, " failed, ", merged.missing,
                      " outputs are said to be done and are not there\n");
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
    return load_models(plan.bundle().folder, devices, flags.dtype.value_or("auto"), threads);
  });
}

Exit run_all(const BatchPlan& plan, const BatchFlags& flags, const BatchSurvey& found) {
  ResultsLog log(plan.folder(), plan.shard(), false);
  BatchTodo todo(plan, flags, log);
  BatchProgress progress(!flags.quiet,
                         plan.reads_stdin() ? std::nullopt : std::optional(found.here));
  // A run that has nothing left to do loads no model; but a worker loads while it waits.
  std::optional<BatchTask> first;
  if (!plan.reads_stdin()) first = todo.next();
  BatchCounts counts;
  if (first || plan.reads_stdin()) {
    progress.say(text("loading ", plan.manifest().name));
    const LoadedModels loaded = load(plan, flags);
    progress.clear();
    progress.start(loaded.placed);
    log::debug(placement_words(loaded.device, loaded.dtype));
    counts = run_batch([&] { return first ? std::exchange(first, std::nullopt) : todo.next(); },
                       loaded.models, engine_rules(plan, flags, loaded), log,
                       [&](const BatchEvent& event) {
                         progress.add(event, todo.done_before(), todo.failed_before());
                         if (flags.json)
                           print_json(event.result);
                         else if (!event.failed)
                           std::cout << event.task.path.string() << std::endl;
                       },
                       interrupted);
  }
  progress.clear();
  log.close();

  std::string words = text(counts.done, " done");
  if (todo.done_before() > 0) words += text(", ", todo.done_before(), " done before");
  if (counts.failed > 0) words += text(", ", counts.failed, " failed (", progress.failures(), ")");
  if (todo.failed_before() > 0)
    words += text(", ", todo.failed_before(), " failed before (--retry-failed tries them again)");
  if (found.skipped > 0) words += text(", ", found.skipped, " files are no pictures");
  log::info(words);
  if (counts.stopped && interrupted())
    throw Error(Exit::interrupted, "interrupted; the same command goes on from there");
  if (counts.stopped)
    log::warn(text("stopped after ", counts.failed, " failures, as --max-failures says"));
  return counts.failed + todo.failed_before() > 0 ? Exit::no : Exit::ok;
}

Exit run(const BatchFlags& flags) {
  if (flags.merge_results) return merge(flags);
  const BatchPlan plan(flags);
  (void)batch_size(flags);
  if (flags.dry_run) return say_batch_plan(plan, flags, chosen_devices(flags).size());
  const Exit exit = run_all(plan, flags, plan.reads_stdin() ? BatchSurvey{} : survey(plan));
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
