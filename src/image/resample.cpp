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

constexpr double lobes = 3.0;  // of the Lanczos filter
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

/// Catmull and Rom's cubic, the a = -0.5 of Pillow's BICUBIC.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

/// A filter's shape, and how far it reaches.
struct Kernel {
  double (*weight)(double x);
  double support;
};

constexpr Kernel lanczos_kernel{lanczos, lobes};
constexpr Kernel cubic_kernel{cubic, 2.0};

/// Edges on one axis, in single precision as Pillow takes them.
struct Span {
  float begin;
  float end;
};

/// How one axis is resampled.
struct Axis {
  Kernel kernel;
  int source;  // pixels
  Span span;   // the part of the source that becomes the whole result
  int result;  // pixels of the whole result
  int first;   // the first of them that is made
  int count;   // how many are made

  [[nodiscard]] bool changes_nothing() const {
    return source == result && span.begin == 0.0F && span.end == static_cast<float>(source) &&
           count == result;
  }
};

Axis whole_axis(Kernel kernel, int source, Span span, int result) {
  return {.kernel = kernel,
          .source = source,
          .span = span,
          .result = result,
          .first = 0,
          .count = result};
}

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
std::vector<double> window_weights(const Kernel& kernel, Filter::Window window, double centre,
                                   double scale) {
  std::vector<double> weights;
  double sum = 0.0;
  for (int i = 0; i < window.count; ++i) {
    weights.push_back(kernel.weight((i + window.first - centre + 0.5) * (1.0 / scale)));
    sum += weights.back();
  }
  if (sum != 0.0)
    for (double& weight : weights) weight /= sum;
  return weights;
}

std::int32_t fixed_point(double weight) {
  return static_cast<std::int32_t>((weight < 0 ? -0.5 : 0.5) + weight * (1 << fraction_bits));
}

Filter filter_of(const Axis& axis) {
  const auto& [kernel, source, span, result, first_made, count_made] = axis;
  const double step = static_cast<double>(span.end - span.begin) / result;
  const double scale = std::max(step, 1.0);  // shrinking: the filter covers what one pixel becomes
  const double support = kernel.support * scale;

  Filter filter{
      .windows = {}, .weights = {}, .widest = static_cast<int>(std::ceil(support)) * 2 + 1};
  filter.weights.resize(static_cast<std::size_t>(count_made) *
                        static_cast<std::size_t>(filter.widest));
  auto out = filter.weights.begin();
  for (int pixel = first_made; pixel < first_made + count_made; ++pixel, out += filter.widest) {
    const double centre = static_cast<double>(span.begin) + (pixel + 0.5) * step;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), source);
    filter.windows.push_back({.first = first, .count = end - first});
    std::ranges::transform(window_weights(kernel, filter.windows.back(), centre, scale), out,
                           fixed_point);
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

/// Pillow 13's choice, which shows in the last bit: columns first where that saves work.
bool columns_first(const Axis& columns, const Axis& rows) {
  const int rows_saved = rows.source - rows.result;
  return rows_saved > 0 && rows_saved > 2 * (columns.source - columns.result);
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
Bytes resample(const Bytes& pixels, const Axis& columns, const Axis& rows) {
  const bool same_width = columns.changes_nothing();
  const bool same_height = rows.changes_nothing();
  if (same_width && same_height) return pixels;

  const std::size_t width = at(columns.source);
  const Filter horizontal = filter_of(columns);
  const Filter vertical = filter_of(rows);
  if (same_height)
    return resample_rows<channels>(pixels.data(), width, 0, at(rows.source), horizontal);
  if (!same_width && !columns_first(columns, rows))
    return resample_rows_first<channels>(pixels, width, horizontal, vertical);
  const Bytes between = resample_columns(pixels.data(), width * channels, 0, vertical);
  if (same_width) return between;
  return resample_rows<channels>(between.data(), width, 0, at(rows.count), horizontal);
}

Image resampled(const Image& image, const Axis& columns, const Axis& rows) {
  return {.width = columns.count,
          .height = rows.count,
          .rgb = resample<3>(image.rgb, columns, rows),
          .alpha = image.alpha.empty() ? Bytes{} : resample<1>(image.alpha, columns, rows),
          .exif = image.exif};
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

  return resampled(image, whole_axis(lanczos_kernel, image.width, columns, size.width),
                   whole_axis(lanczos_kernel, image.height, rows, size.height));
}

Image resize_lanczos(const Image& image, int width, int height) {
  const Box whole{.left = 0,
                  .top = 0,
                  .right = static_cast<double>(image.width),
                  .bottom = static_cast<double>(image.height)};
  return resize_lanczos(image, {width, height}, whole);
}

Image resize_bicubic(const Image& image, Size size, const Rectangle& part) {
  check_sizes(image, size);
  const auto [left, top, width, height] = part;
  if (std::min(left, top) < 0 || std::min(width, height) < 1 || width > size.width - left ||
      height > size.height - top)
    throw Error(Exit::bug, text("cannot make ", width, "x", height, " pixels at ", left, ", ", top,
                                " of a picture of ", size.width, "x", size.height));
  Axis columns =
      whole_axis(cubic_kernel, image.width, {0, static_cast<float>(image.width)}, size.width);
  columns.first = left;
  columns.count = width;
  Axis rows =
      whole_axis(cubic_kernel, image.height, {0, static_cast<float>(image.height)}, size.height);
  rows.first = top;
  rows.count = height;
  return resampled(image, columns, rows);
}

Image fit_crop(const Image& image, int width, int height) {
  check_sizes(image, {width, height});
  return resize_lanczos(image, {width, height},
                        centre_box({image.width, image.height}, {width, height}));
}

}  // namespace ip2p
