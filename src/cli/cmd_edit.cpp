// cmd_edit.cpp - one picture, one instruction.
#include <cstdio>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/edit/editor.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/image/content.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/read.h"
#include "ip2p/model/devices.h"

#include "command.h"
#include "edit_flags.h"
#include "edit_plan.h"
#include "edit_report.h"
#include "interrupt.h"
#include "progress.h"
#include "stopwatch.h"

namespace ip2p::cli {
namespace {

using Json = nlohmann::ordered_json;

void print_json(const Json& object) {
  std::cout << object.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

/// The input's bytes. A picture that is made again needs the input it was made from, at the same
/// path.
Bytes read_input(const EditPlan& plan, const EditFlags& flags, const ReadLimits& limits) {
  if (plan.input == "-") return read_stdin(max_file_bytes(limits));
  const fs::path path = plan.input;
  if (!plan.input_hash) return read_file(path, max_file_bytes(limits));

  const std::string recorded = text(path, " (the input that ", *flags.from, " was made from)");
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

void write_output(const fs::path& path, const Bytes& bytes, Existing existing) {
  if (path != "-") return write_atomically(path, bytes, existing);
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
      std::fflush(stdout) != 0)
    throw Error(Exit::file, "cannot write the picture to stdout; was the pipe closed?");
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
    Json result = result_json(output, record_of(plan, output, input_hash, placement), sizes);
    result["dry_run"] = true;
    print_json(result);
  }
  return Exit::ok;
}

/// Makes the plan's pictures one after another.
class Run {
 public:
  Run(const EditPlan& plan, const EditFlags& flags)
      : plan_(plan), flags_(flags), progress_(!flags.quiet) {}

  void make_all(const Image& input, const FitSizes& sizes, const std::string& input_hash) {
    progress_.say(text("loading ", plan_.manifest.name));
    const Editor editor = with_origin(
        plan_.bundle, [&] { return Editor(plan_.bundle.folder, plan_.device, plan_.dtype); });
    end_of("load");
    warn_if_cut(editor.tokenizer(), plan_.request.instruction);
    progress_.clear();
    const PlacementNames placement{editor.device(), editor.dtype()};
    log::debug(placement_words(placement.device, placement.dtype));
    log::debug(size_words(sizes));
    log::debug(sampling_words(plan_.request.options));

    for (const PlannedOutput& output : plan_.outputs) {
      const EditRecord record = record_of(plan_, output, input_hash, placement);
      make(editor, input, output, record);
      ++done_;
      if (flags_.json) {
        Json result = result_json(output, record, sizes);
        result["seconds"] = stopwatch_.seconds();
        print_json(result);
      } else if (output.path != "-") {
        std::cout << output.path.string() << std::endl;
      }
    }
    log::debug(text("peak memory ", peak_memory_mib(), " MiB"));
  }

 private:
  void make(const Editor& editor, const Image& input, const PlannedOutput& output,
            const EditRecord& record) {
    stopwatch_.start_item();
    const Image edited = editor.edit(
        input, record.request,
        {.step = [&](std::size_t step, std::size_t steps) { step_begins(output, step, steps); },
         .stage_done = [&](std::string_view stage) { end_of(std::string(stage)); }});
    const Bytes bytes =
        encode_image(edited, {.format = plan_.format,
                              .quality = static_cast<int>(*record.request.options.quality),
                              .record = flags_.strip ? "" : record.to_json(),
                              .keep_exif = !flags_.strip});
    stop_if_interrupted(done_, plan_.outputs.size());
    write_output(output.path, bytes, flags_.overwrite ? Existing::replace : Existing::keep);
    log::debug(text("write ", stopwatch_.mark("write"), " s"));
    progress_.clear();
  }

  void step_begins(const PlannedOutput& output, std::size_t step, std::size_t steps) {
    stop_if_interrupted(done_, plan_.outputs.size());
    stopwatch_.step(step);
    progress_.step(plan_.outputs.size() > 1 ? text("seed ", output.seed, ", ") : "", step, steps);
  }

  void end_of(const std::string& stage) {
    const double seconds = stopwatch_.mark(stage);
    if (flags_.verbose) progress_.clear();
    log::debug(text(stage, " ", seconds, " s"));
    stop_if_interrupted(done_, plan_.outputs.size());
  }

  const EditPlan& plan_;
  const EditFlags& flags_;
  Progress progress_;
  Stopwatch stopwatch_;
  std::size_t done_ = 0;
};

Exit run(const EditFlags& flags) {
  const EditPlan plan = plan_edit(flags);
  const ReadLimits limits{.max_megapixels = flags.max_megapixels};
  const Bytes bytes = read_input(plan, flags, limits);
  const Image input = decode_input(plan, bytes, limits);
  const FitSizes sizes =
      fit_sizes({input.width, input.height}, fit_rule(plan.request.options, plan.manifest));
  check_storable(plan.format, sizes.output.width, sizes.output.height);
  if (flags.dry_run) return say_plan(plan, flags, sizes, sha256_of(bytes));

  Run(plan, flags).make_all(input, sizes, sha256_of(bytes));
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
