// cmd_edit.cpp - one picture, one instruction.
#include <cstdio>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/edit/editor.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/read.h"
#include "ip2p/model/devices.h"
#include "ip2p/version.h"

#include "command.h"
#include "edit_flags.h"
#include "edit_plan.h"
#include "interrupt.h"
#include "progress.h"
#include "stopwatch.h"

namespace ip2p::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The input's bytes. A picture that is made again needs the input it was made from, at the same
/// path.
Bytes read_input(const EditPlan& plan, const EditFlags& flags, const ReadLimits& limits) {
  if (plan.input == "-") return read_stdin(max_file_bytes(limits));
  const std::string recorded =
      plan.input_hash.empty() ? "" : text(" (the input that ", flags.from, " was made from)");
  std::error_code ignored;
  if (!recorded.empty() && !fs::exists(plan.input, ignored))
    throw Error(Exit::file, text(plan.input, recorded, " is not here; give it with --input"));
  Bytes bytes = read_file(plan.input, max_file_bytes(limits));
  if (!recorded.empty() && sha256_of(bytes) != plan.input_hash)
    throw Error(Exit::file, text(plan.input, recorded,
                                 " has changed since; give --input to edit it all the same"));
  return bytes;
}

/// What error sentences call it.
std::string input_name(const std::string& input) {
  return input == "-" ? "stdin" : text(fs::path(input));
}

void write_output(const fs::path& path, const Bytes& bytes, Existing existing) {
  if (path != "-") return write_atomically(path, bytes, existing);
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
      std::fflush(stdout) != 0)
    throw Error(Exit::file, "cannot write the picture to stdout; was the pipe closed?");
}

Json size_json(Size size) {
  return {{"width", size.width}, {"height", size.height}};
}

void print_plan(const EditPlan& plan, const FitSizes& sizes) {
  Json shown{{"input", plan.input},
             {"input_size", size_json(sizes.input)},
             {"model_size", size_json(sizes.model)},
             {"output_size_px", size_json(sizes.output)},
             {"instruction", plan.request.instruction},
             {"model", plan.manifest.name}};
  shown.update(Json::parse(options_to_json(plan.request.options).dump()));
  for (const PlannedOutput& output : plan.outputs)
    shown["outputs"].push_back({{"output", output.path.string()}, {"seed", output.seed}});
  std::cout << shown.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

/// Makes one picture of the plan and puts it where it belongs; returns its record.
EditRecord make_output(const Editor& editor, const EditPlan& plan, const PlannedOutput& output,
                       const Image& input, const std::string& input_hash, const EditFlags& flags,
                       const StepObserver& observe) {
  EditRecord record{.request = plan.request,
                    .input = plan.input,
                    .input_hash = input_hash,
                    .bundle = editor.manifest().name,
                    .bundle_hash = editor.manifest().sha256,
                    .device = editor.device(),
                    .dtype = editor.dtype(),
                    .version = IP2P_VERSION};
  record.request.options.seed = output.seed;

  const Image edited = editor.edit(input, record.request, observe);
  const Bytes bytes = encode_image(edited, {.format = plan.format,
                                            .quality = flags.quality,
                                            .record = flags.strip ? "" : record.to_json(),
                                            .keep_exif = !flags.strip});
  write_output(output.path, bytes, flags.overwrite ? Existing::replace : Existing::keep);
  return record;
}

Exit run(const EditFlags& flags) {
  const EditPlan plan = plan_edit(flags);
  const ReadLimits limits{.max_megapixels = flags.max_megapixels};
  const Bytes input_bytes = read_input(plan, flags, limits);
  const Image input = decode_image(input_bytes, input_name(plan.input), limits);
  const FitSizes sizes =
      fit_sizes({input.width, input.height}, fit_rule(plan.request.options, plan.manifest));
  check_storable(plan.format, sizes.output.width, sizes.output.height);
  if (flags.dry_run) {
    check_placement(plan.device, plan.dtype);
    for (const auto& [part, file] : plan.manifest.files) verify_size(file);
    print_plan(plan, sizes);
    return Exit::ok;
  }

  Stopwatch stopwatch;
  Progress progress(!flags.quiet);
  progress.say(text("loading ", plan.manifest.name));
  const Editor editor(plan.model, plan.device, plan.dtype);
  stopwatch.mark("load");

  const std::string input_hash = sha256_of(input_bytes);
  std::size_t done = 0;
  for (const PlannedOutput& output : plan.outputs) {
    const std::string label = plan.outputs.size() > 1 ? text("seed ", output.seed, ", ") : "";
    stopwatch.start_item();
    const EditRecord record = make_output(editor, plan, output, input, input_hash, flags,
                                          [&](std::size_t step, std::size_t steps) {
                                            stop_if_interrupted(done, plan.outputs.size());
                                            stopwatch.step(step);
                                            progress.step(label, step, steps);
                                          });
    ++done;
    progress.clear();
    if (flags.json) {
      Json result{{"output", output.path.string()}};
      result.update(Json::parse(record.to_json()));
      result["seconds"] = stopwatch.seconds();
      std::cout << result.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
    } else if (output.path != "-") {
      std::cout << output.path.string() << std::endl;
    }
  }
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
  return {app, [flags] {
            if (flags->quiet) log::set_level(log::Level::warning);
            if (flags->verbose) log::set_level(log::Level::debug);
            return run(*flags);
          }};
}

}  // namespace ip2p::cli
