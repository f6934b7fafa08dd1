// fit.cpp - sizes first, as pure functions; then the picture there and back.
#include "ip2p/image/fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <opencv2/core.hpp>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr int original_multiple = 64;
constexpr std::int64_t largest_area = std::int64_t{1} << 28;  // of what crop mode may enlarge to

std::string text_of(Size size) {
  return text(size.width, "x", size.height);
}

void check_rule(const FitRule& rule) {
  if (!FitRule::resolution_range.allows(rule.resolution))
    throw Error(Exit::usage, text("--resolution: expected a whole number from ",
                                  FitRule::resolution_range.expected(), ", got ", rule.resolution));
  if (!FitRule::size_multiple_range.allows(rule.size_multiple))
    throw Error(Exit::model,
                text("size_multiple: expected a whole number from ",
                     FitRule::size_multiple_range.expected(), ", got ", rule.size_multiple));
  if (rule.mode == SizeMode::pad) return;
  if (original_multiple % rule.size_multiple != 0)
    throw Error(Exit::usage, text("--size-mode crop makes sides that are multiples of ",
                                  original_multiple, ", but this model needs multiples of ",
                                  rule.size_multiple, "; use --size-mode pad"));
  if (rule.output_size == OutputSize::input)
    throw Error(Exit::usage,
                "--output-size input needs --size-mode pad: a cropped picture has lost"
                " its edges");
}

void check_crop(Size input, Size cropped, std::int64_t resolution) {
  const bool usable = cropped.width > 0 && cropped.height > 0 &&
                      std::int64_t{cropped.width} * cropped.height <= largest_area;
  if (!usable)
    throw Error(Exit::usage,
                text("--size-mode crop makes ", text_of(cropped), " pixels of ", text_of(input),
                     " at --resolution ", resolution, "; use --size-mode pad"));
}

Size size_of(const Image& image) {
  return {image.width, image.height};
}

// OpenCV wants writable memory also where it only reads.
cv::Mat view(const Image& image) {
  return {image.height, image.width, CV_8UC3,
          const_cast<std::uint8_t*>(image.rgb.data())};  // NOLINT
}

Image empty_picture(Size size) {
  Image image{.width = size.width, .height = size.height, .rgb = {}, .alpha = {}, .exif = {}};
  image.rgb.resize(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) *
                   3);
  return image;
}

/// The picture in the upper left, its reflection right and below; the edge itself is not repeated.
Image padded(const Image& image, Size size) {
  Image result = empty_picture(size);
  cv::Mat target = view(result);
  cv::copyMakeBorder(view(image), target, 0, size.height - image.height, 0,
                     size.width - image.width, cv::BORDER_REFLECT_101);
  return result;
}

Image upper_left(const Image& image, Size size) {
  Image result = empty_picture(size);
  view(image)(cv::Rect(0, 0, size.width, size.height)).copyTo(view(result));
  return result;
}

}  // namespace

Size crop_size(Size input, std::int64_t resolution) {
  // Python's arithmetic step by step: another order of the same operations rounds differently.
  constexpr double multiple = original_multiple;
  const double shorter = std::min(input.width, input.height);
  const double longer = std::max(input.width, input.height);
  double factor = static_cast<double>(resolution) / longer;
  factor = std::ceil(shorter * factor / multiple) * multiple / shorter;
  const auto side = [factor](int length) {
    constexpr double largest = 1 << 30;  // beyond it the result is refused anyway
    return static_cast<int>(std::min(std::floor(length * factor / multiple) * multiple, largest));
  };
  return {side(input.width), side(input.height)};
}

Size pad_size(Size input, std::int64_t resolution) {
  const std::int64_t longer = std::max(input.width, input.height);
  if (longer <= resolution) return input;
  const auto side = [&](std::int64_t length) {
    return static_cast<int>(
        std::max<std::int64_t>((2 * length * resolution + longer) / (2 * longer), 1));
  };
  return {side(input.width), side(input.height)};
}

Size padded_size(Size content, std::int64_t multiple) {
  const auto side = [multiple](std::int64_t length) {
    return static_cast<int>((length + multiple - 1) / multiple * multiple);
  };
  return {side(content.width), side(content.height)};
}

FitSizes fit_sizes(Size input, const FitRule& rule) {
  check_rule(rule);
  if (rule.mode == SizeMode::crop) {
    const Size cropped = crop_size(input, rule.resolution);
    check_crop(input, cropped, rule.resolution);
    return {.input = input, .content = cropped, .model = cropped, .output = cropped};
  }
  const Size content = pad_size(input, rule.resolution);
  return {.input = input,
          .content = content,
          .model = padded_size(content, rule.size_multiple),
          .output = rule.output_size == OutputSize::input ? input : content};
}

Fitted fit(const Image& input, const FitRule& rule) {
  const FitSizes sizes = fit_sizes(size_of(input), rule);
  const auto [width, height] = sizes.content;
  Image content = rule.mode == SizeMode::crop ? fit_crop(input, width, height)
                                              : resize_lanczos(input, width, height);
  return {.picture = padded(content, sizes.model),
          .sizes = sizes,
          .alpha = sizes.output == sizes.content ? std::move(content.alpha) : input.alpha,
          .exif = input.exif,
          .density = input.density};
}

Image restore(const Image& edited, const Fitted& fitted) {
  const FitSizes& sizes = fitted.sizes;
  if (size_of(edited) != sizes.model)
    throw Error(Exit::bug, text("the edited picture: expected ", text_of(sizes.model),
                                " pixels, got ", text_of(size_of(edited))));
  Image result =
      resize_lanczos(upper_left(edited, sizes.content), sizes.output.width, sizes.output.height);
  result.alpha = fitted.alpha;
  result.exif = fitted.exif;
  result.density = fitted.density;
  return result;
}

}  // namespace ip2p
