// options.cpp - precedence: the request, the bundle, the original.
#include "ip2p/edit/options.h"

#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/text/words.h"

namespace ip2p {
namespace {

template <class Value>
void fill(std::optional<Value>& option, const std::optional<Value>& value) {
  if (!option) option = value;
}

}  // namespace

EditOptions merge(EditOptions first, const EditOptions& second) {
  fill(first.steps, second.steps);
  fill(first.cfg_text, second.cfg_text);
  fill(first.cfg_image, second.cfg_image);
  fill(first.seed, second.seed);
  fill(first.sampler, second.sampler);
  fill(first.resolution, second.resolution);
  fill(first.size_mode, second.size_mode);
  fill(first.output_size, second.output_size);
  return first;
}

EditOptions resolve(EditOptions given, const EditDefaults& defaults) {
  EditOptions options = merge(std::move(given), {.steps = defaults.steps,
                                                 .cfg_text = defaults.cfg_text,
                                                 .cfg_image = defaults.cfg_image,
                                                 .seed = 0,
                                                 .sampler = defaults.sampler,
                                                 .resolution = defaults.resolution,
                                                 .size_mode = "pad",
                                                 .output_size = "fit"});
  validate(options);
  return options;
}

FitRule fit_rule(const EditOptions& options, const Manifest& manifest) {
  return {.mode = *options.size_mode == "crop" ? SizeMode::crop : SizeMode::pad,
          .resolution = *options.resolution,
          .size_multiple = manifest.size_multiple,
          .output_size = *options.output_size == "input" ? OutputSize::input : OutputSize::fit};
}

void check_instruction(const std::string& instruction) {
  if (instruction.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(Exit::usage,
                "the instruction is empty; say what to change, for example \"make it snow\"");
  check_utf8(instruction);
}

}  // namespace ip2p
