// options.h - what a person can say about one edit besides the picture and the instruction. Flags,
// help, ranges, the record in the output and the README's table all come from `visit`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ip2p/base/options.h"
#include "ip2p/image/fit.h"
#include "ip2p/image/write.h"
#include "ip2p/model/manifest.h"

namespace ip2p {

/// Not given means the bundle's default, and where there is none the original's.
struct EditOptions {
  std::optional<std::int64_t> steps;
  std::optional<double> cfg_text;
  std::optional<double> cfg_image;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> sampler;
  std::optional<std::int64_t> resolution;
  std::optional<std::string> size_mode;
  std::optional<std::string> output_size;
  std::optional<std::int64_t> quality;

  template <class Self, class Field>
  static void visit(Self& self, Field&& field) {
    field("steps", self.steps, "denoising steps (default: the bundle's)",
          EditDefaults::steps_range);
    field("cfg-text", self.cfg_text,
          "s_T: how far to go toward the instruction (default: the bundle's)",
          EditDefaults::scale_range);
    field("cfg-image", self.cfg_image,
          "s_I: how far to stay with the input picture (default: the bundle's)",
          EditDefaults::scale_range);
    field("seed", self.seed, "noise seed; the same seed gives the same picture (default 0)");
    field("sampler", self.sampler,
          "sampling algorithm; `ip2p info` lists them (default: the bundle's)");
    field("resolution", self.resolution,
          "the longer side that the model works at, in pixels (default: the bundle's)",
          EditDefaults::resolution_range);
    field("size-mode", self.size_mode,
          "pad: nothing is cropped (default); crop: the original's resize and centre crop",
          Choices{"pad", "crop"});
    field("output-size", self.output_size,
          "fit: the size the model worked at (default); input: the input picture's, enlarged from "
          "that",
          Choices{"fit", "input"});
    field("quality", self.quality, "of JPEG and WebP; WebP at 100 is lossless (default 95)",
          EncodeOptions::quality_range);
  }
};

/// Every option filled in: `given`, then the bundle's defaults, then the original's. Error{usage}
/// when a value is out of range. The sampler's name is checked where samplers are
/// (diffusion/sampler_list.h).
EditOptions resolve(const EditOptions& given, const EditDefaults& defaults);

/// `first` where it says something, else `second`. Error{usage} when a value is out of range.
EditOptions merge(const EditOptions& first, EditOptions second);

/// How a picture meets the model's sizes under these (resolved) options.
FitRule fit_rule(const EditOptions& options, const Manifest& manifest);

/// One edit: what decides the picture besides the input and the model.
struct EditRequest {
  std::string instruction;  ///< UTF-8, not blank
  EditOptions options;      ///< resolved
};

}  // namespace ip2p
