// cmd_train.cpp - ip2p train: a config in, checkpoints and a bundle out.
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "ip2p/train/trainer.h"

#include "command.h"
#include "interrupt.h"
#include "progress.h"

namespace ip2p::cli {
namespace {

struct TrainFlags {
  std::string config;
  std::string export_to;
  std::string export_dtype = "float32";
  bool quiet = false;
};

/// "loss 0.1234, optimizer " from a running mean: one batch's loss jumps.
class MeanLoss {
 public:
  std::string add(double loss) {
    mean_ = mean_ < 0 ? loss : 0.98 * mean_ + 0.02 * loss;
    std::ostringstream label;
    label << "loss " << std::fixed << std::setprecision(4) << mean_ << ", optimizer ";
    return label.str();
  }

 private:
  double mean_ = -1;
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

Exit run(const TrainFlags& flags) {
  const TrainConfig config = read_train_config(flags.config);
  if (!flags.export_to.empty() && fs::exists(flags.export_to))
    throw Error(Exit::file,
                text(fs::path(flags.export_to), " exists already; name a folder that does not"));
  Progress progress(!flags.quiet);
  progress.say(text("loading ", fs::path(config.bundle)));
  Trainer trainer(config);
  MeanLoss loss;
  trainer.run([&](const TrainStep& now) {
    if (trainer.writes())
      progress.step(loss.add(now.loss), static_cast<std::size_t>(now.step) - 1,
                    static_cast<std::size_t>(now.steps));
    return !interrupted();
  });
  progress.clear();
  if (trainer.done() < config.steps)
    throw Error(Exit::interrupted, text("interrupted at step ", trainer.done(), " of ",
                                        config.steps, "; the same command goes on from there"));
  if (trainer.writes() && !flags.export_to.empty()) {
    trainer.write_bundle(flags.export_to, flags.export_dtype);
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
  app->add_option("--export-dtype", flags->export_dtype, "float32 or float16")
      ->check(CLI::IsMember({"float32", "float16"}));
  app->add_flag("-q,--quiet", flags->quiet, "no progress");
  app->footer([] { return keys_help(); });
  return {app, [flags] { return run(*flags); }};
}

}  // namespace ip2p::cli
