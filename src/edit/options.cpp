// options.cpp - precedence: the request, the bundle, the original.
#include "ip2p/edit/options.h"

#include "ip2p/base/error.h"
#include "ip2p/text/words.h"

namespace ip2p {
EditOptions merge(const EditOptions& first, EditOptions second) {
  options_from_json(options_to_json(first), second);
  return second;
}

EditOptions resolve(const EditOptions& given, const EditDefaults& defaults) {
  EditOptions options = merge(given, {.steps = defaults.steps,
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
