// edit_plan.cpp - every mistake that can be seen without the model is reported from here, in a
// second.
#include "edit_plan.h"

#include <cstdlib>
#include <limits>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/image/record.h"

#include "default_bundle.h"

namespace ip2p::cli {
namespace {

void check_range(const char* flag, double value, double lo, double hi) {
  if (value >= lo && value <= hi) return;
  throw Error(Exit::usage,
              text(flag, ": expected a number from ", lo, " to ", hi, ", got ", value));
}

void check_flags(const EditFlags& flags) {
  check_range("--count", static_cast<double>(flags.count), 1, 10000);
  check_range("--quality", flags.quality, 1, 100);
  check_range("--max-megapixels", flags.max_megapixels, 0.001, 100000);
  if (flags.output.empty()) throw Error(Exit::usage, "no output was given; say where with -o FILE");
  if (flags.output == "-" && flags.count > 1)
    throw Error(Exit::usage,
                "--count makes several files, and -o - is one stream; give -o a file name");
  if (flags.output == "-" && flags.json)
    throw Error(Exit::usage, "--json and -o - both write to stdout; give one of them");
}

/// A record made by another bundle gives another picture: an error, or a warning where --model
/// asked for it.
void check_same_bundle(const EditRecord& record, const Manifest& manifest, const EditFlags& flags) {
  if (record.bundle_hash == manifest.sha256) return;
  const std::string difference =
      text(flags.from, " was made by the bundle ", record.bundle, " (",
           record.bundle_hash.substr(0, 12), "...), and ", manifest.folder, " is ", manifest.name,
           " (", manifest.sha256.substr(0, 12), "...)");
  if (flags.model.empty())
    throw Error(Exit::model, difference + "; give the right one with --model");
  log::warn(difference + "; the picture will be another");
}

/// --model, else IP2P_MODEL, else the demo bundle.
fs::path bundle_folder(const EditFlags& flags) {
  if (!flags.model.empty()) return flags.model;
  const char* from_environment = std::getenv("IP2P_MODEL");
  if (from_environment != nullptr && *from_environment != '\0') return from_environment;
  return default_bundle();
}

/// out.png is itself for one picture, and out_SEED.png for each of several.
fs::path output_path(const EditFlags& flags, std::uint64_t seed) {
  const fs::path path = flags.output;
  if (flags.count == 1) return path;
  return path.parent_path() / text(path.stem().string(), "_", seed, path.extension().string());
}

std::vector<PlannedOutput> plan_outputs(const EditFlags& flags, std::uint64_t first_seed) {
  const auto count = static_cast<std::uint64_t>(flags.count);
  if (first_seed > std::numeric_limits<std::uint64_t>::max() - (count - 1))
    throw Error(Exit::usage, text("--seed ", first_seed, " leaves no room for --count ", count,
                                  " seeds after it; give a smaller --seed"));
  const Existing existing = flags.overwrite ? Existing::replace : Existing::keep;
  std::vector<PlannedOutput> outputs;
  for (std::uint64_t i = 0; i < count; ++i) {
    outputs.push_back({first_seed + i, output_path(flags, first_seed + i)});
    if (flags.output != "-") check_writable(outputs.back().path, existing);
  }
  return outputs;
}

OutputFormat output_format(const EditFlags& flags) {
  if (!flags.format.empty()) return format_named(flags.format);
  return flags.output == "-" ? OutputFormat::png : format_of(flags.output);
}

}  // namespace

EditPlan plan_edit(const EditFlags& flags) {
  check_flags(flags);
  validate(flags.options);

  std::optional<EditRecord> record;
  if (!flags.from.empty()) record = EditRecord::from_json(read_record(flags.from), flags.from);
  const auto given_or = [&](const std::string& flag, const std::string& recorded) {
    return flag.empty() && record ? recorded : flag;
  };

  EditPlan plan;
  plan.input = given_or(flags.input, record ? record->input : "");
  if (record && flags.input.empty() && plan.input == "-")
    throw Error(Exit::usage,
                text(flags.from, " was made from a picture on stdin; give it with --input"));
  if (record && flags.input.empty()) plan.input_hash = record->input_hash;
  if (plan.input.empty()) throw Error(Exit::usage, "no input was given; say which picture to edit");
  plan.request.instruction = given_or(flags.instruction, record ? record->request.instruction : "");
  check_instruction(plan.request.instruction);

  plan.model = bundle_folder(flags);
  plan.device = flags.device.value_or("auto");
  plan.dtype = flags.dtype.value_or(record ? record->dtype : "auto");
  plan.manifest = read_manifest(plan.model);
  if (record) check_same_bundle(*record, plan.manifest, flags);
  const EditOptions given = record ? merge(flags.options, record->request.options) : flags.options;
  plan.request.options = resolve(given, plan.manifest.defaults);
  check_sampler_name(*plan.request.options.sampler);

  plan.format = output_format(flags);
  plan.outputs = plan_outputs(flags, *plan.request.options.seed);
  return plan;
}

}  // namespace ip2p::cli
