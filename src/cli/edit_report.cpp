// edit_report.cpp - the same facts for people and as JSON.
#include "edit_report.h"

#include <iostream>

#include <sys/resource.h>

#include "ip2p/base/error.h"
#include "ip2p/version.h"

namespace ip2p::cli {
namespace {

std::string words_of(Size size) {
  return text(size.width, "x", size.height);
}

}  // namespace

std::string placement_words(const std::string& device, const std::string& dtype) {
  if (device != "cpu") return text(device, ", ", dtype);
  const int threads = cpu_threads();
  return text(device, ", ", dtype, ", ", threads, threads == 1 ? " thread" : " threads");
}

std::string size_words(const FitSizes& sizes) {
  return text(words_of(sizes.input), " in, ", words_of(sizes.model), " inside the model, ",
              words_of(sizes.output), " out");
}

std::string sampling_words(const EditOptions& options) {
  return text(*options.sampler, ", ", *options.steps, " steps, s_T ", *options.cfg_text, ", s_I ",
              *options.cfg_image);
}

EditRecord record_of(const EditPlan& plan, const PlannedOutput& output,
                     const std::string& input_hash, const PlacementNames& placement) {
  EditRecord record{.request = plan.request,
                    .input = plan.input,
                    .input_hash = input_hash,
                    .bundle = plan.manifest.name,
                    .bundle_hash = plan.manifest.sha256,
                    .device = placement.device,
                    .dtype = placement.dtype,
                    .version = IP2P_VERSION};
  record.request.options.seed = output.seed;
  return record;
}

void print_json(const nlohmann::ordered_json& object) {
  std::cout << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
            << std::endl;
}

std::string plan_words(const EditPlan& plan, const FitSizes& sizes,
                       const PlacementNames& placement) {
  std::string words = text("would edit ", plan.input == "-" ? "stdin" : text(fs::path(plan.input)),
                           " by \"", plan.request.instruction, "\"\n",  //
                           "  bundle    ", plan.manifest.name, ", ", plan.bundle.folder, " (",
                           plan.bundle.origin, ")\n",  //
                           "  computed  on ", placement_words(placement.device, placement.dtype),
                           "\n",  //
                           "  sampling  ", sampling_words(plan.request.options), "\n",
                           "  size      ", size_words(sizes), "\n");
  for (const PlannedOutput& output : plan.outputs)
    words += text("  output    ", output.path == "-" ? "stdout" : text(output.path), ", ",
                  name_of(plan.format), ", seed ", output.seed, "\n");
  return words;
}

long peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace ip2p::cli
