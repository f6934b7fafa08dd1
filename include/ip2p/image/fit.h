// fit.h - how a picture meets the sizes that a model takes, and how it comes back.
#pragma once

#include <cstdint>

#include "ip2p/base/range.h"
#include "ip2p/image/image.h"
#include "ip2p/image/resample.h"

namespace ip2p {

enum class SizeMode {
  pad,   ///< reduced if too large, padded by reflection, the padding cut off again: nothing is lost
  crop,  ///< the original's resize and centre crop to multiples of 64
};

enum class OutputSize {
  fit,    ///< the size that the model worked at
  input,  ///< the input picture's; only with SizeMode::pad, as a crop has lost its edges
};

/// What decides the sizes.
struct FitRule {
  SizeMode mode;
  std::int64_t resolution;     ///< pixels of the longer side that the model works at
  std::int64_t size_multiple;  ///< pixels: both sides of the model's input are multiples of it
  OutputSize output_size;

  static constexpr Range resolution_range{1, 16384};
  static constexpr Range size_multiple_range{1, 4096};
};

/// The sizes a picture goes through.
struct FitSizes {
  Size input;    ///< as it was read
  Size content;  ///< resampled, in the upper left of the model's picture
  Size model;    ///< what the model sees: content and padding, multiples of `size_multiple`
  Size output;   ///< what comes back
};

/// The original's rule (edit_cli.py), in its own floating-point steps: the shorter side becomes a
/// multiple of 64, the longer is cut down to one. A side is 0 where its rounding says so.
Size crop_size(Size input, std::int64_t resolution);

/// The picture's own size while its longer side is within `resolution`, else reduced to that, the
/// other side rounded to the nearest pixel, half up, at least 1.
Size pad_size(Size input, std::int64_t resolution);

/// Each side rounded up to a multiple.
Size padded_size(Size content, std::int64_t multiple);

/// Error{usage} when the rule does not fit itself or this picture.
FitSizes fit_sizes(Size input, const FitRule& rule);

/// A picture as the model sees it, with what is needed on the way back.
struct Fitted {
  Image picture;  ///< without alpha and EXIF; its size is `sizes.model`
  FitSizes sizes;
  Bytes alpha;      ///< the input's, at `sizes.output`, or empty
  Bytes exif;       ///< the input's
  Density density;  ///< the input's
};

/// Resizes, crops or pads.
Fitted fit(const Image& input, const FitRule& rule);

/// The padding off, the output's size, alpha and EXIF back. `edited` has the size `sizes.model`.
Image restore(const Image& edited, const Fitted& fitted);

}  // namespace ip2p
