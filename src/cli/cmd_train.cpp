// cmd_train.cpp - ip2p train: a config in, checkpoints and a bundle out.
#include <algorithm>
#include <iostream>
#include <memory>

#include "ip2p/base/log.h"
#include "ip2p/train/trainer.h"

#include "command.h"
#include "interrupt.h"
#include "train_report.h"

namespace ip2p::cli {
namespace {

struct TrainFlags {
  std::string config;
  std::string export_to;
  std::string export_dtype = "float32";
  bool export_best = false;
  bool quiet = false;
};

/// The keys of a config, for --help.
std::string keys_help() {
  std::string help =
      "A step is an optimizer step: `accumulate` batches, shared by all processes. Relative paths "
      "are relative to the config's folder.\n\nKeys of CONFIG:\n";
  constexpr std::size_t column = 22;
  for (const ConfigKey& key : config_keys()) {
    std::string line = "  " + key.name;
    line.resize(std::max(column, line.size() + 1), ' ');
    help += line + key.help;
    if (!key.values.empty()) help += "; " + key.values;
    if (!key.standard.empty()) help += " (default " + key.standard + ")";
    help += "\n";
  }
  return help +
         "\nExamples:\n"
         "  ip2p train edits.json --export models/edits\n"
         "  mpirun --bind-to none -n 2 ip2p train edits.json --export models/edits\n"
         "  torchrun --no-python --nproc-per-node 4 ip2p train edits.json --export models/edits";
}

/// What would be found out after hours of training.
void check_export(const TrainFlags& flags, const TrainConfig& config) {
  if (!flags.export_to.empty() && fs::exists(flags.export_to))
    throw Error(Exit::file,
                text(fs::path(flags.export_to), " exists already; name a folder that does not"));
  if (!flags.export_best) return;
  if (flags.export_to.empty())
    throw Error(Exit::usage, "--export-best says which weights --export writes; give that too");
  if (config.validate_every == 0 || config.validate_every > config.steps)
    throw Error(Exit::usage,
                text("--export-best needs held-out losses to know the best by: give ",
                     "validation_data, and validate_every within the ", config.steps, " steps"));
}

Exit run(const TrainFlags& flags) {
  const TrainConfig config = read_train_config(flags.config);
  check_export(flags, config);
  TrainReport report(!flags.quiet);
  report.say(text("loading ", fs::path(config.bundle)));
  Trainer trainer(config);
  const bool done = trainer.run({.step =
                                     [&](const TrainStep& now) {
                                       if (trainer.writes()) report.step(now);
                                     },
                                 .busy = [&](std::string_view doing, std::size_t count,
                                             std::size_t all) { report.busy(doing, count, all); },
                                 .stopping = interrupted});
  report.clear();
  if (!done) {
    // returned, not thrown: processes that part in peace wait for each other
    if (trainer.writes())
      log::error(text("interrupted at step ", trainer.saved(), " of ", config.steps,
                      "; the same command goes on from there"));
    return Exit::interrupted;
  }
  if (trainer.writes() && !flags.export_to.empty()) {
    trainer.write_bundle(flags.export_to, flags.export_dtype,
                         flags.export_best ? Which::best : Which::latest);
    std::cout << flags.export_to << std::endl;
  }
  return Exit::ok;
}

}  // namespace

Command train_command(CLI::App& program) {
  const auto flags = std::make_shared<TrainFlags>();
  CLI::App* app = program.add_subcommand(
      "train", "train a bundle's UNet on examples of edits (Brooks et al. 2023, section 3.2)");
  app->add_option("CONFIG", flags->config, "JSON file that says what to train on and how")
      ->required();
  app->add_option("--export", flags->export_to,
                  "when the training is done, write a bundle with the averaged weights there");
  app->add_flag("--export-best", flags->export_best,
                "with --export: the average of the least held-out loss, and not the last");
  app->add_option("--export-dtype", flags->export_dtype, "float32 or float16")
      ->check(CLI::IsMember({"float32", "float16"}));
  app->add_flag("-q,--quiet", flags->quiet, "warnings and errors only");
  app->footer([] { return keys_help(); });
  return {app, [flags] {
            if (flags->quiet) log::set_level(log::Level::warning);
            return run(*flags);
          }};
}

}  // namespace ip2p::cli
