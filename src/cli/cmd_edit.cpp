// cmd_edit.cpp - one picture, one instruction.
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/edit/result.h"
#include "ip2p/image/content.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/read.h"
#include "ip2p/model/devices.h"

#include "command.h"
#include "edit_flags.h"
#include "edit_plan.h"
#include "edit_report.h"
#include "edit_run.h"

namespace ip2p::cli {
namespace {

/// The input's bytes. A picture that is made again needs the input it was made from, at the same
/// path.
Bytes read_input(const EditPlan& plan, const EditFlags& flags, const ReadLimits& limits) {
  if (plan.input == "-") return read_stdin(max_file_bytes(limits));
  const fs::path path = plan.input;
  if (!plan.input_hash) return read_file(path, max_file_bytes(limits));

  const std::string recorded =
      text(path, " (the input that ", *flags.from == "-" ? "the picture on stdin" : *flags.from,
           " was made from)");
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    throw Error(Exit::file, text(recorded, " is not here; give it with --input"));
  Bytes bytes = read_file(path, max_file_bytes(limits));
  if (sha256_of(bytes) != *plan.input_hash)
    throw Error(Exit::file,
                text(recorded, " has changed since; give --input to edit it all the same"));
  return bytes;
}

Image decode_input(const EditPlan& plan, const Bytes& bytes, const ReadLimits& limits) {
  const std::string name = plan.input == "-" ? "stdin" : text(fs::path(plan.input));
  if (plan.input != "-") warn_if_mislabelled(plan.input, picture_format({bytes, name, limits}));
  return decode_image(bytes, name, limits);
}

/// --dry-run: all that can be checked without loading the model.
Exit say_plan(const EditPlan& plan, const EditFlags& flags, const FitSizes& sizes,
              const std::string& input_hash) {
  const PlacementNames placement = resolved_placement(plan.device, plan.dtype);
  with_origin(plan.bundle, [&] {
    for (const auto& [part, file] : plan.manifest.files) verify_size(file);
    const BundleFile& tokenizer = plan.manifest.file("tokenizer");
    verify_file(tokenizer);
    warn_if_cut(Tokenizer(tokenizer.path, plan.manifest.text), plan.request.instruction);
  });
  if (!flags.json) {
    std::cout << plan_words(plan, sizes, placement);
    return Exit::ok;
  }
  for (const PlannedOutput& output : plan.outputs) {
    nlohmann::ordered_json result =
        result_json(output.path.string(), record_of(plan, output, input_hash, placement), sizes);
    result["dry_run"] = true;
    print_json(result);
  }
  return Exit::ok;
}

Exit run(const EditFlags& flags) {
  const EditPlan plan = plan_edit(flags);
  const ReadLimits limits{.max_megapixels = flags.max_megapixels};
  const Bytes bytes = read_input(plan, flags, limits);
  const Image input = decode_input(plan, bytes, limits);
  const FitSizes sizes =
      fit_sizes({input.width, input.height}, fit_rule(plan.request.options, plan.manifest));
  check_storable(plan.format, sizes.output.width, sizes.output.height);
  if (flags.dry_run) return say_plan(plan, flags, sizes, sha256_of(bytes));

  make_pictures(plan, flags, input, sizes, sha256_of(bytes));
  if (plan.manifest.random_weights)
    log::info(
        text(plan.manifest.name, " has random weights: it is for tests, its edits mean nothing"));
  return Exit::ok;
}

}  // namespace

Command edit_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand("edit", "Edit one picture by an instruction");
  auto flags = std::make_shared<EditFlags>();
  declare_edit_flags(*app, *flags);
  return {app, [app, flags] {
            refuse_repeated_edit_flags(*app);
            if (flags->quiet) log::set_level(log::Level::warning);
            if (flags->verbose) log::set_level(log::Level::debug);
            return run(*flags);
          }};
}

}  // namespace ip2p::cli
