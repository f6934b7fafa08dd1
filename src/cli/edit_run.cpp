// edit_run.cpp - one picture after another, watched by clocks, signals and people.
#include "edit_run.h"

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <utility>

#include "ip2p/base/log.h"
#include "ip2p/edit/editor.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/edit/result.h"

#include "edit_report.h"
#include "interrupt.h"
#include "progress.h"
#include "stopwatch.h"

namespace ip2p::cli {
namespace {

void write_output(const fs::path& path, const Bytes& bytes, Existing existing) {
  if (path != "-") return write_atomically(path, bytes, existing);
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() ||
      std::fflush(stdout) != 0)
    throw Error(Exit::file, "cannot write the picture to stdout; was the pipe closed?");
}

std::string stage_words(const std::string& stage, double seconds) {
  std::ostringstream words;
  words << stage << " " << std::fixed << std::setprecision(2) << seconds << " s";
  return words.str();
}

/// Makes the plan's pictures one after another.
class Run {
 public:
  Run(const EditPlan& plan, const EditFlags& flags)
      : plan_(plan), flags_(flags), progress_(!flags.quiet) {}

  void make_all(const Image& input, const FitSizes& sizes, const std::string& input_hash) {
    progress_.say(text("loading ", plan_.manifest.name));
    const Editor editor = with_origin(plan_.bundle, [&] {
      return Editor(plan_.bundle.folder, plan_.device, plan_.dtype, plan_.rewrites);
    });
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
        nlohmann::ordered_json result = result_json(output.path.string(), record, sizes);
        result["seconds"] = stopwatch_.seconds();
        print_json(result);
      } else if (output.path != "-") {
        std::cout << output.path.string() << std::endl;
      }
    }
    log::debug(text("peak memory of the process ", peak_memory_mib(), " MiB"));
  }

 private:
  void make(const Editor& editor, const Image& input, const PlannedOutput& output,
            const EditRecord& record) {
    stopwatch_.start_item();
    Image edited = editor.edit(
        input, record.request,
        {.step = [&](std::size_t step, std::size_t steps) { step_begins(output, step, steps); },
         .stage_done = [&](std::string_view stage) { end_of(std::string(stage)); }});
    const Bytes bytes = encode_image(std::move(edited),
                                     {.format = plan_.format,
                                      .quality = static_cast<int>(*record.request.options.quality),
                                      .record = flags_.strip ? "" : record.to_json(),
                                      .keep_metadata = !flags_.strip});
    stop_if_interrupted(done_, plan_.outputs.size());
    write_output(output.path, bytes, flags_.overwrite ? Existing::replace : Existing::keep);
    log::debug(stage_words("write", stopwatch_.mark("write")));
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
    log::debug(stage_words(stage, seconds));
    stop_if_interrupted(done_, plan_.outputs.size());
  }

  const EditPlan& plan_;
  const EditFlags& flags_;
  Progress progress_;
  Stopwatch stopwatch_;
  std::size_t done_ = 0;
};

}  // namespace

void make_pictures(const EditPlan& plan, const EditFlags& flags, const Image& input,
                   const FitSizes& sizes, const std::string& input_hash) {
  Run(plan, flags).make_all(input, sizes, input_hash);
}

}  // namespace ip2p::cli
