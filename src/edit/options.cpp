// options.cpp - precedence: the request, the bundle, the original.
#include "ip2p/edit/options.h"

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
                                      .output_size = "fit",
                                      .quality = EncodeOptions::default_quality});
  validate(options);
  return options;
}

FitRule fit_rule(const EditOptions& options, const Manifest& manifest) {
  return {.mode = *options.size_mode == "crop" ? SizeMode::crop : SizeMode::pad,
          .resolution = *options.resolution,
          .size_multiple = manifest.size_multiple,
          .output_size = *options.output_size == "input" ? OutputSize::input : OutputSize::fit};
}

}  // namespace ip2p
