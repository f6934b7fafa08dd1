// resample.cpp - two passes of whole-number arithmetic. Every rounding is where Pillow 13
// has it (Resample.c), as only then the bytes are the same.
#include "ip2p/image/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr double lobes = 3.0;
// 8 bits of result and 2 for sums beyond it, as the filter's negative lobes make them.
constexpr int fraction_bits = 32 - 8 - 2;

double sinc(double x) {
  if (x == 0.0) return 1.0;
  const double angle = x * std::numbers::pi;
  return std::sin(angle) / angle;
}

double lanczos(double x) {
  return -lobes <= x && x < lobes ? sinc(x) * sinc(x / lobes) : 0.0;
}

/// Edges on one axis, in single precision as Pillow takes them.
struct Span {
  float begin;
  float end;
};

/// Where the pixels of the result come from, on one axis.
struct Filter {
  /// The source pixels that one pixel of the result is made of.
  struct Window {
    int first;
    int count;
  };

  std::vector<Window> windows;        // one a pixel of the result
  std::vector<std::int32_t> weights;  // `widest` a pixel of the result
  int widest;

  [[nodiscard]] const std::int32_t* weights_of(int pixel) const {
    return weights.data() + static_cast<std::size_t>(pixel) * static_cast<std::size_t>(widest);
  }
};

/// The weights of one window, which sum to 1.
std::vector<double> window_weights(Filter::Window window, double centre, double scale) {
  std::vector<double> weights;
  double sum = 0.0;
  for (int i = 0; i < window.count; ++i) {
    weights.push_back(lanczos((i + window.first - centre + 0.5) * (1.0 / scale)));
    sum += weights.back();
  }
  if (sum != 0.0)
    for (double& weight : weights) weight /= sum;
  return weights;
}

std::int32_t fixed_point(double weight) {
  return static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << fraction_bits));
}

Filter lanczos_filter(int source, Span span, int result) {
  const double step = static_cast<double>(span.end - span.begin) / result;
  const double scale = std::max(step, 1.0);  // shrinking: the filter covers what one pixel becomes
  const double support = lobes * scale;

  Filter filter{
      .windows = {}, .weights = {}, .widest = static_cast<int>(std::ceil(support)) * 2 + 1};
  filter.weights.resize(static_cast<std::size_t>(result) * static_cast<std::size_t>(filter.widest));
  auto out = filter.weights.begin();
  for (int pixel = 0; pixel < result; ++pixel, out += filter.widest) {
    const double centre = static_cast<double>(span.begin) + (pixel + 0.5) * step;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), source);
    filter.windows.push_back({.first = first, .count = end - first});
    std::ranges::transform(window_weights(filter.windows.back(), centre, scale), out, fixed_point);
  }
  return filter;
}

constexpr std::int32_t half = 1 << (fraction_bits - 1);

std::uint8_t byte_of(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> fraction_bits, 0, 255));
}

template <std::size_t channels>
void resample_row(const std::uint8_t* row, const Filter& filter, std::uint8_t* out) {
  for (std::size_t pixel = 0; pixel < filter.windows.size(); ++pixel) {
    const auto [first, count] = filter.windows[pixel];
    const std::int32_t* weights = filter.weights_of(static_cast<int>(pixel));
    const std::uint8_t* in = row + static_cast<std::size_t>(first) * channels;
    std::array<std::int32_t, channels> sums;
    sums.fill(half);
    for (int i = 0; i < count; ++i)
      for (std::size_t channel = 0; channel < channels; ++channel)
        sums[channel] += *in++ * weights[i];
    for (const std::int32_t sum : sums) *out++ = byte_of(sum);
  }
}

/// Rows `begin` to `end` of the picture with another width.
template <std::size_t channels>
Bytes resample_rows(const std::uint8_t* in, std::size_t width, std::size_t begin, std::size_t end,
                    const Filter& filter) {
  const std::size_t result_row = filter.windows.size() * channels;
  Bytes out((end - begin) * result_row);
  for (std::size_t y = begin; y < end; ++y)
    resample_row<channels>(in + y * width * channels, filter,
                           out.data() + (y - begin) * result_row);
  return out;
}

/// All columns of rows that are `row_bytes` long; row `first_row` is the first in `in`.
Bytes resample_columns(const std::uint8_t* in, std::size_t row_bytes, int first_row,
                       const Filter& filter) {
  Bytes out(filter.windows.size() * row_bytes);
  std::vector<std::int32_t> sums(row_bytes);
  for (std::size_t pixel = 0; pixel < filter.windows.size(); ++pixel) {
    const auto [first, count] = filter.windows[pixel];
    const std::int32_t* weights = filter.weights_of(static_cast<int>(pixel));
    std::ranges::fill(sums, half);
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* row = in + static_cast<std::size_t>(first - first_row + i) * row_bytes;
      for (std::size_t x = 0; x < row_bytes; ++x) sums[x] += row[x] * weights[i];
    }
    std::ranges::transform(sums, out.data() + pixel * row_bytes, byte_of);
  }
  return out;
}

bool is_whole(Span span, int source, int result) {
  return source == result && span.begin == 0.0F && span.end == static_cast<float>(source);
}

/// Pillow 13's choice, which shows in the last bit: columns first where that saves work.
bool columns_first(Size from, Size to) {
  const int rows_saved = from.height - to.height;
  return rows_saved > 0 && rows_saved > 2 * (from.width - to.width);
}

std::size_t at(int index) {
  return static_cast<std::size_t>(index);
}

/// Rows, then columns; the first pass makes only the rows that the second reads.
template <std::size_t channels>
Bytes resample_rows_first(const Bytes& pixels, std::size_t width, const Filter& horizontal,
                          const Filter& vertical) {
  const int begin = vertical.windows.front().first;
  const int end = vertical.windows.back().first + vertical.windows.back().count;
  const Bytes between =
      resample_rows<channels>(pixels.data(), width, at(begin), at(end), horizontal);
  return resample_columns(between.data(), horizontal.windows.size() * channels, begin, vertical);
}

/// One plane or interleaved picture. A pass that would change nothing is left out, as in Pillow.
template <std::size_t channels>
Bytes resample(const Bytes& pixels, Size from, Size to, Span columns, Span rows) {
  const bool same_width = is_whole(columns, from.width, to.width);
  const bool same_height = is_whole(rows, from.height, to.height);
  if (same_width && same_height) return pixels;

  const std::size_t width = at(from.width);
  const Filter horizontal = lanczos_filter(from.width, columns, to.width);
  const Filter vertical = lanczos_filter(from.height, rows, to.height);
  if (same_height)
    return resample_rows<channels>(pixels.data(), width, 0, at(from.height), horizontal);
  if (!same_width && !columns_first(from, to))
    return resample_rows_first<channels>(pixels, width, horizontal, vertical);
  const Bytes between = resample_columns(pixels.data(), width * channels, 0, vertical);
  if (same_width) return between;
  return resample_rows<channels>(between.data(), width, 0, at(to.height), horizontal);
}

std::size_t area(const Image& image) {
  return static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
}

void check_sizes(const Image& image, Size size) {
  const bool positive = std::min({image.width, image.height, size.width, size.height}) >= 1;
  if (!positive || image.rgb.size() != area(image) * 3 ||
      (!image.alpha.empty() && image.alpha.size() != area(image)))
    throw Error(Exit::bug, text("cannot resample ", image.width, "x", image.height, " pixels in ",
                                image.rgb.size(), " bytes to ", size.width, "x", size.height));
}

void check_inside(Span span, int source) {
  if (!(span.begin >= 0.0F && span.begin < span.end && span.end <= static_cast<float>(source)))
    throw Error(Exit::bug, text("cannot resample from ", span.begin, " to ", span.end,
                                " of a picture with ", source, " pixels on that side"));
}

}  // namespace

Box centre_box(Size from, Size to) {
  double width = from.width;
  double height = from.height;
  const double shape = width / height;
  const double wanted = static_cast<double>(to.width) / to.height;
  if (shape > wanted)
    width = wanted * height;
  else if (shape < wanted)
    height = width / wanted;
  const double left = (from.width - width) * 0.5;
  const double top = (from.height - height) * 0.5;
  return {.left = left, .top = top, .right = left + width, .bottom = top + height};
}

Image resize_lanczos(const Image& image, Size size, const Box& box) {
  check_sizes(image, size);
  const Span columns{static_cast<float>(box.left), static_cast<float>(box.right)};
  const Span rows{static_cast<float>(box.top), static_cast<float>(box.bottom)};
  check_inside(columns, image.width);
  check_inside(rows, image.height);

  const Size from{image.width, image.height};
  return {
      .width = size.width,
      .height = size.height,
      .rgb = resample<3>(image.rgb, from, size, columns, rows),
      .alpha = image.alpha.empty() ? Bytes{} : resample<1>(image.alpha, from, size, columns, rows),
      .exif = image.exif};
}

Image resize_lanczos(const Image& image, int width, int height) {
  const Box whole{.left = 0,
                  .top = 0,
                  .right = static_cast<double>(image.width),
                  .bottom = static_cast<double>(image.height)};
  return resize_lanczos(image, {width, height}, whole);
}

Image fit_crop(const Image& image, int width, int height) {
  check_sizes(image, {width, height});
  return resize_lanczos(image, {width, height},
                        centre_box({image.width, image.height}, {width, height}));
}

}  // namespace ip2p
