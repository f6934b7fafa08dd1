// edit_plan.cpp - every mistake that can be seen without the model is reported from here, in a
// second.
#include "edit_plan.h"

#include <limits>

#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/diffusion/sampler_list.h"
#include "ip2p/edit/instruction.h"
#include "ip2p/image/record.h"

namespace ip2p::cli {
namespace {

/// A name for the picture of --from.
std::string from_name(const EditFlags& flags) {
  return *flags.from == "-" ? "the picture on stdin" : text(fs::path(*flags.from));
}

EditRecord read_from(const EditFlags& flags) {
  if (flags.from == "-" && flags.input == "-")
    throw Error(Exit::usage, "INPUT and --from are both - and there is one stdin; give one a file");
  const ReadLimits limits{.max_megapixels = flags.max_megapixels};
  const Bytes bytes = *flags.from == "-" ? read_stdin(max_file_bytes(limits))
                                         : read_file(*flags.from, max_file_bytes(limits));
  const std::string name = from_name(flags);
  return EditRecord::from_json(read_record(bytes, name, limits), name);
}

/// The picture to edit: the flag's, else the record's.
std::string input_of(const EditFlags& flags, const std::optional<EditRecord>& record) {
  std::error_code ignored;
  if (!flags.input && !record)
    throw Error(Exit::usage, "no input was given; say which picture to edit");
  if (!flags.input && record->input == "-")
    throw Error(Exit::usage,
                text(from_name(flags), " was made from a picture on stdin; give it with --input"));
  const std::string input = flags.input ? *flags.input : record->input;
  if (input.empty()) throw Error(Exit::usage, "INPUT is empty; say which picture to edit");
  if (record && flags.input && !flags.instruction && input != "-" && !fs::exists(input, ignored))
    throw Error(Exit::file,
                text("INPUT ", fs::path(input),
                     " does not exist; to change the instruction of --from use --edit"));
  return input;
}

/// A record made by another bundle gives another picture: an error, or a warning where --model
/// asked for it.
void check_same_bundle(const EditRecord& record, const EditPlan& plan, const EditFlags& flags) {
  const Manifest& manifest = plan.manifest;
  if (record.bundle_hash == manifest.sha256) return;
  const std::string difference =
      text(from_name(flags), " was made by the bundle ", record.bundle, " (",
           record.bundle_hash.substr(0, 12), "...), and ", manifest.folder, " is ", manifest.name,
           " (", manifest.sha256.substr(0, 12), "...)");
  if (flags.model) {
    log::warn(difference + "; the picture will be another");
    return;
  }
  with_origin(plan.bundle,
              [&] { throw Error(Exit::model, difference + "; give the right one with --model"); });
}

void check_output(const EditFlags& flags) {
  if (!flags.output || flags.output->empty())
    throw Error(Exit::usage, "no output was given; say where with -o FILE");
  const fs::path path = *flags.output;
  std::error_code ignored;
  if (path != "-" && (!path.has_filename() || fs::is_directory(path, ignored)))
    throw Error(Exit::file, text("the output ", path, " is a folder; name a file in it, such as ",
                                 path / "edited.png"));
  if (path != "-") return;
  if (flags.count > 1)
    throw Error(Exit::usage,
                "--count makes several files, and -o - is one stream; give -o a file name");
  if (flags.json && !flags.dry_run)
    throw Error(Exit::usage, "--json and -o - both write to stdout; give one of them");
  if (!flags.dry_run && ::isatty(STDOUT_FILENO) == 1)
    throw Error(Exit::usage,
                "-o - would write a picture to the terminal; redirect stdout to a file or pipe, or "
                "give -o a file name");
}

/// out.png is itself for one picture, and out_SEED.png for each of several.
fs::path output_path(const EditFlags& flags, std::uint64_t seed) {
  const fs::path path = *flags.output;
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
    if (*flags.output != "-") check_writable(outputs.back().path, existing);
  }
  return outputs;
}

/// What an extension says, when it says anything.
std::optional<OutputFormat> extension_format(const fs::path& path) {
  try {
    return format_of(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

OutputFormat output_format(const EditFlags& flags) {
  const fs::path path = *flags.output;
  if (!flags.format) return path == "-" ? OutputFormat::png : format_of(path);
  const OutputFormat format = format_named(*flags.format);
  if (extension_format(path).value_or(format) != format)
    log::warn(text(path, " will hold a ", name_of(format), " picture, as --format says, and not ",
                   "what its name promises"));
  return format;
}

}  // namespace

EditPlan plan_edit(const EditFlags& flags) {
  validate(flags);
  validate(flags.options);
  check_output(flags);

  EditPlan plan;
  std::optional<EditRecord> record;
  if (flags.from) record = read_from(flags);
  plan.input = input_of(flags, record);
  if (record && !flags.input) plan.input_hash = record->input_hash;
  if (flags.instruction)
    plan.request.instruction = *flags.instruction;
  else if (record)
    plan.request.instruction = record->request.instruction;
  check_instruction(plan.request.instruction);

  plan.bundle = choose_bundle(flags.model);
  plan.device = flags.device.value_or("auto");
  plan.dtype = flags.dtype.value_or(record ? record->dtype : "auto");
  plan.rewrites = read_rewrites(flags.rewrites.value_or("all"));
  plan.manifest = read_manifest(plan.bundle);
  if (record) check_same_bundle(*record, plan, flags);
  const EditOptions given = record ? merge(flags.options, record->request.options) : flags.options;
  plan.request.options = resolve(given, plan.manifest.defaults);
  check_sampler_name(*plan.request.options.sampler);

  plan.format = output_format(flags);
  plan.outputs = plan_outputs(flags, *plan.request.options.seed);
  return plan;
}

}  // namespace ip2p::cli
