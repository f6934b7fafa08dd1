// flip.cpp - what the eye can tell apart of the colours, and where edges and points are, then both
// as one error. Constants and names are the paper's.
#include "ip2p/compare/flip.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "bands.h"
#include "same_size.h"

namespace ip2p {
namespace {

using Colour = std::array<float, 3>;
/// Three planes of floats of a picture's size.
using Planes = std::array<cv::Mat, 3>;

constexpr std::array<float, 3> white{0.950428545F, 1.0F, 1.088900371F};  // D65, XYZ

Colour xyz_of_linear(const Colour& rgb) {
  constexpr float a11 = 10135552.0F / 24577794.0F;
  constexpr float a12 = 8788810.0F / 24577794.0F;
  constexpr float a13 = 4435075.0F / 24577794.0F;
  constexpr float a21 = 2613072.0F / 12288897.0F;
  constexpr float a22 = 8788810.0F / 12288897.0F;
  constexpr float a23 = 887015.0F / 12288897.0F;
  constexpr float a31 = 1425312.0F / 73733382.0F;
  constexpr float a32 = 8788810.0F / 73733382.0F;
  constexpr float a33 = 70074185.0F / 73733382.0F;
  const auto [r, g, b] = rgb;
  return {a11 * r + a12 * g + a13 * b, a21 * r + a22 * g + a23 * b, a31 * r + a32 * g + a33 * b};
}

Colour linear_of_xyz(const Colour& xyz) {
  const auto [x, y, z] = xyz;
  return {3.241003275F * x - 1.537398934F * y - 0.498615861F * z,
          -0.969224334F * x + 1.875930071F * y + 0.041554224F * z,
          0.055639423F * x - 0.204011202F * y + 1.057148933F * z};
}

/// sRGB levels 0 to 255 as linear light.
const std::array<float, 256>& linear_levels() {
  static const std::array<float, 256> levels = [] {
    std::array<float, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i) {
      const double value = static_cast<double>(i) / 255;
      made.at(i) = static_cast<float>(value > 0.04045 ? std::pow((value + 0.055) / 1.055, 2.4)
                                                      : value / 12.92);
    }
    return made;
  }();
  return levels;
}

/// The opponent space in which the eye's sensitivity is known: luminance Y, red-green Cx,
/// blue-yellow Cz.
Planes opponent_planes(const Image& image) {
  Planes planes;
  for (cv::Mat& plane : planes) plane.create(image.height, image.width, CV_32F);
  const std::size_t count = planes[0].total();
  for (std::size_t i = 0; i < count; ++i) {
    const Colour xyz =
        xyz_of_linear({linear_levels()[image.rgb[3 * i]], linear_levels()[image.rgb[3 * i + 1]],
                       linear_levels()[image.rgb[3 * i + 2]]});
    const float x = xyz[0] / white[0];
    const float y = xyz[1] / white[1];
    const float z = xyz[2] / white[2];
    planes[0].ptr<float>()[i] = 116 * y - 16;
    planes[1].ptr<float>()[i] = 500 * (x - y);
    planes[2].ptr<float>()[i] = 200 * (y - z);
  }
  return planes;
}

Colour linear_of_opponent(float luminance, float red_green, float blue_yellow) {
  const float y = (luminance + 16) / 116;
  const float x = y + red_green / 500;
  const float z = y - blue_yellow / 200;
  return linear_of_xyz({x * white[0], y * white[1], z * white[2]});
}

/// Of a number above 0, to a float's precision: std::cbrt takes most of a picture's time.
float cube_root(float value) {
  // A third of the exponent, and two of Halley's steps, each of which triples the digits.
  constexpr std::uint32_t bias = 709921077;
  auto root = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) / 3 + bias);
  for (int step = 0; step < 2; ++step) {
    const float cube = root * root * root;
    root *= (cube + 2 * value) / (2 * cube + value);
  }
  return root;
}

/// CIELAB with Hunt's effect: colours of dark surfaces seem less colourful.
Colour hunt_lab_of_linear(const Colour& rgb) {
  constexpr float delta = 6.0F / 29.0F;
  const auto f = [](float t) {
    return t > delta * delta * delta ? cube_root(t) : t / (3 * delta * delta) + 4.0F / 29.0F;
  };
  const Colour xyz = xyz_of_linear(rgb);
  const float fx = f(xyz[0] / white[0]);
  const float fy = f(xyz[1] / white[1]);
  const float fz = f(xyz[2] / white[2]);
  const float l = 116 * fy - 16;
  return {l, 0.01F * l * 500 * (fx - fy), 0.01F * l * 200 * (fy - fz)};
}

/// The distance that suits large differences: lightness apart from colour.
float hyab(const Colour& a, const Colour& b) {
  return std::abs(a[0] - b[0]) + std::hypot(a[1] - b[1], a[2] - b[2]);
}

cv::Mat filtered(const cv::Mat& plane, const cv::Mat& along_x, const cv::Mat& along_y) {
  cv::Mat result;
  cv::sepFilter2D(plane, result, CV_32F, along_x, along_y, {-1, -1}, 0, cv::BORDER_REPLICATE);
  return result;
}

/// exp(-x^2 / (2 sigma^2)) for -radius to radius.
cv::Mat bell(double sigma, int radius) {
  cv::Mat weights(2 * radius + 1, 1, CV_32F);
  for (int i = -radius; i <= radius; ++i)
    weights.at<float>(i + radius) = static_cast<float>(std::exp(-i * i / (2 * sigma * sigma)));
  return weights;
}

double sum_of(const cv::Mat& weights) {
  return cv::sum(weights)[0];
}

/// One bell of a contrast sensitivity function: a sqrt(pi / b) exp(-pi^2 x^2 / b), x in degrees.
struct Sensitivity {
  double a;
  double b;
};

constexpr std::array<Sensitivity, 1> luminance_sensitivity{{{1, 0.0047}}};
constexpr std::array<Sensitivity, 1> red_green_sensitivity{{{1, 0.0053}}};
constexpr std::array<Sensitivity, 2> blue_yellow_sensitivity{{{34.1, 0.04}, {13.5, 0.025}}};

/// How far the widest bell reaches, in pixels.
int sight_radius(double pixels_per_degree) {
  using std::numbers::pi;
  constexpr double widest = 0.04;
  return static_cast<int>(std::ceil(3 * std::sqrt(widest / (2 * pi * pi)) * pixels_per_degree));
}

/// A plane as the eye blurs it. The bells are separable, their sum is not.
template <std::size_t count>
cv::Mat as_seen(const cv::Mat& plane, const std::array<Sensitivity, count>& bells,
                double pixels_per_degree) {
  using std::numbers::pi;
  const int radius = sight_radius(pixels_per_degree);
  std::array<cv::Mat, count> lines;
  std::array<double, count> heights{};
  double weight = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [a, b] = bells[i];
    lines[i] = bell(std::sqrt(b / (2 * pi * pi)) * pixels_per_degree, radius);
    heights[i] = a * std::sqrt(pi / b);
    weight += heights[i] * sum_of(lines[i]) * sum_of(lines[i]);
  }
  cv::Mat result;
  for (std::size_t i = 0; i < count; ++i) {
    const cv::Mat part = filtered(plane, lines[i], lines[i] * (heights[i] / weight));
    result = result.empty() ? part : result + part;
  }
  return result;
}

/// Pixels of a band that are asked for, counted from the first that is read.
struct Inner {
  std::size_t first;
  std::size_t count;
};

/// What is seen of a picture's colours, Hunt-adjusted CIELAB.
std::vector<Colour> seen_colours(const Planes& opponent, const Inner& inner,
                                 double pixels_per_degree) {
  const Planes seen{as_seen(opponent[0], luminance_sensitivity, pixels_per_degree),
                    as_seen(opponent[1], red_green_sensitivity, pixels_per_degree),
                    as_seen(opponent[2], blue_yellow_sensitivity, pixels_per_degree)};
  std::vector<Colour> colours(inner.count);
  for (std::size_t i = 0; i < colours.size(); ++i) {
    const std::size_t at = inner.first + i;
    Colour rgb = linear_of_opponent(seen[0].ptr<float>()[at], seen[1].ptr<float>()[at],
                                    seen[2].ptr<float>()[at]);
    for (float& value : rgb) value = std::clamp(value, 0.0F, 1.0F);
    colours[i] = hunt_lab_of_linear(rgb);
  }
  return colours;
}

/// Colour errors spread over 0 to 1: most of that for the small ones.
class ColourError {
 public:
  ColourError()
      : largest_(std::pow(hyab(hunt_lab_of_linear({0, 1, 0}), hunt_lab_of_linear({0, 0, 1})), qc)) {
  }

  [[nodiscard]] float operator()(const Colour& a, const Colour& b) const {
    const float error = std::pow(hyab(a, b), qc);
    const float knee = pc * largest_;
    return error < knee ? pt / knee * error : pt + (error - knee) / (largest_ - knee) * (1 - pt);
  }

 private:
  static constexpr float qc = 0.7F;
  static constexpr float pc = 0.4F;
  static constexpr float pt = 0.95F;
  float largest_;
};

/// How strong edges and points are at each pixel.
struct Features {
  cv::Mat edges;
  cv::Mat points;
};

/// Positive weights sum to 1, negative ones to -1.
void balance(cv::Mat& weights, double across) {
  double above = 0;
  double below = 0;
  for (int i = 0; i < weights.rows; ++i) {
    const double weight = weights.at<float>(i) * across;
    (weight > 0 ? above : below) += weight;
  }
  for (int i = 0; i < weights.rows; ++i) {
    auto& weight = weights.at<float>(i);
    weight = static_cast<float>(weight / (weight > 0 ? above : -below));
  }
}

cv::Mat magnitude(const cv::Mat& luminance, const cv::Mat& derivative, const cv::Mat& bell_line) {
  cv::Mat result;
  cv::magnitude(filtered(luminance, derivative, bell_line),
                filtered(luminance, bell_line, derivative), result);
  return result;
}

double feature_sigma(double pixels_per_degree) {
  constexpr double width_degrees = 0.082;
  return 0.5 * width_degrees * pixels_per_degree;
}

/// How far edges and points are looked for, in pixels.
int feature_radius(double pixels_per_degree) {
  return static_cast<int>(std::ceil(3 * feature_sigma(pixels_per_degree)));
}

Features features(const cv::Mat& opponent_luminance, double pixels_per_degree) {
  const double sigma = feature_sigma(pixels_per_degree);
  const int radius = feature_radius(pixels_per_degree);
  const cv::Mat line = bell(sigma, radius);
  cv::Mat edge = line.clone();
  cv::Mat point = line.clone();
  for (int i = -radius; i <= radius; ++i) {
    edge.at<float>(i + radius) *= static_cast<float>(-i);
    point.at<float>(i + radius) *= static_cast<float>(i * i / (sigma * sigma) - 1);
  }
  balance(edge, sum_of(line));
  balance(point, sum_of(line));
  const cv::Mat luminance = (opponent_luminance + 16) / 116;
  return {magnitude(luminance, edge, line), magnitude(luminance, point, line)};
}

float feature_error(float edges, float other_edges, float points, float other_points) {
  const float difference = std::max(std::abs(edges - other_edges), std::abs(points - other_points));
  return std::min(std::sqrt(difference * static_cast<float>(std::numbers::sqrt2 / 2)), 1.0F);
}

/// The errors of a band's pixels.
void measure_band(const Image& reference, const Image& other, const Band& band,
                  double pixels_per_degree, float* errors) {
  const auto width = static_cast<std::size_t>(reference.width);
  const Inner inner{.first = static_cast<std::size_t>(band.first - band.from) * width,
                    .count = static_cast<std::size_t>(band.end - band.first) * width};
  const Planes first = opponent_planes(rows_of(reference, band));
  const Planes second = opponent_planes(rows_of(other, band));
  const std::vector<Colour> colours = seen_colours(first, inner, pixels_per_degree);
  const std::vector<Colour> other_colours = seen_colours(second, inner, pixels_per_degree);
  const Features there = features(first[0], pixels_per_degree);
  const Features here = features(second[0], pixels_per_degree);
  const ColourError colour_error;
  for (std::size_t i = 0; i < inner.count; ++i) {
    const std::size_t at = inner.first + i;
    const float feature =
        feature_error(there.edges.ptr<float>()[at], here.edges.ptr<float>()[at],
                      there.points.ptr<float>()[at], here.points.ptr<float>()[at]);
    errors[i] = std::pow(colour_error(colours[i], other_colours[i]), 1 - feature);
  }
}

}  // namespace

std::vector<float> flip_map(const Image& reference, const Image& other, double pixels_per_degree) {
  check_same_size(reference, other, {});
  const auto width = static_cast<std::size_t>(reference.width);
  const int halo = std::max(sight_radius(pixels_per_degree), feature_radius(pixels_per_degree));
  std::vector<float> map(width * static_cast<std::size_t>(reference.height));
  for_each_band(bands_of(reference.width, reference.height, halo), [&](const Band& band) {
    measure_band(reference, other, band, pixels_per_degree,
                 &map[static_cast<std::size_t>(band.first) * width]);
  });
  return map;
}

double flip(const Image& reference, const Image& other, const Counted& counted,
            double pixels_per_degree) {
  check_same_size(reference, other, counted);
  const std::vector<float> map = flip_map(reference, other, pixels_per_degree);
  return mean_over(map, counted, map.size());
}

}  // namespace ip2p
