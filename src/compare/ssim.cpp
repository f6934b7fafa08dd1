// ssim.cpp - means, variances and covariance of every window by Gaussian filters.
#include "ip2p/compare/ssim.h"

#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "bands.h"
#include "same_size.h"

namespace ip2p {
namespace {

constexpr double sigma = 1.5;
constexpr int radius = 5;
constexpr int window = 2 * radius + 1;

cv::Mat gaussian() {
  cv::Mat weights(window, 1, CV_32F);
  std::array<double, window> exact{};
  for (int i = 0; i < window; ++i) {
    const double x = (i - radius) / sigma;
    exact.at(static_cast<std::size_t>(i)) = std::exp(-x * x / 2);
  }
  const double sum = std::accumulate(exact.begin(), exact.end(), 0.0);
  for (int i = 0; i < window; ++i)
    weights.at<float>(i) = static_cast<float>(exact.at(static_cast<std::size_t>(i)) / sum);
  return weights;
}

// Levels are taken from the middle, where squares are small enough for floats.
constexpr float middle = 127.5F;

/// A channel of a picture, in levels around 0.
cv::Mat channel_of(const Image& image, int channel) {
  cv::Mat plane(image.height, image.width, CV_32F);
  const std::size_t count = plane.total();
  auto* values = plane.ptr<float>();
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(image.rgb[3 * i + static_cast<std::size_t>(channel)]) - middle;
  return plane;
}

cv::Mat blurred(const cv::Mat& plane, const cv::Mat& weights) {
  cv::Mat result;
  cv::sepFilter2D(plane, result, CV_32F, weights, weights, {-1, -1}, 0, cv::BORDER_REFLECT);
  return result;
}

/// Adds a channel's similarity of every pixel from `first` on to `sum`.
void add_similarity(const cv::Mat& one, const cv::Mat& other, const cv::Mat& weights,
                    std::size_t first, std::span<float> sum) {
  constexpr float c1 = 0.01F * 255 * 0.01F * 255;
  constexpr float c2 = 0.03F * 255 * 0.03F * 255;
  const cv::Mat mean_one = blurred(one, weights);
  const cv::Mat mean_other = blurred(other, weights);
  const cv::Mat square_one = blurred(one.mul(one), weights);
  const cv::Mat square_other = blurred(other.mul(other), weights);
  const cv::Mat product = blurred(one.mul(other), weights);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const std::size_t at = first + i;
    const float a = mean_one.ptr<float>()[at];
    const float b = mean_other.ptr<float>()[at];
    const float variances =
        square_one.ptr<float>()[at] - a * a + square_other.ptr<float>()[at] - b * b;
    const float covariance = product.ptr<float>()[at] - a * b;
    const float x = a + middle;
    const float y = b + middle;
    sum[i] += (2 * x * y + c1) / (x * x + y * y + c1) * (2 * covariance + c2) / (variances + c2);
  }
}

/// The pixels that count without those at the edges, whose windows are not whole; with those where
/// nothing else would be left.
Counted inside(const Image& image, const Counted& counted) {
  const int width = image.width;
  const int height = image.height;
  const auto at = [width](int x, int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  };
  Counted left(at(0, height));
  bool is_any = false;
  for (int y = radius; y < height - radius; ++y)
    for (int x = radius; x < width - radius; ++x) {
      left[at(x, y)] = counted.empty() ? 1 : counted[at(x, y)];
      is_any = is_any || left[at(x, y)] != 0;
    }
  return is_any ? left : counted;
}

}  // namespace

double ssim(const Image& one, const Image& other, const Counted& counted) {
  check_same_size(one, other, counted);
  constexpr int channels = 3;
  const cv::Mat weights = gaussian();
  const auto width = static_cast<std::size_t>(one.width);
  std::vector<float> sum(width * static_cast<std::size_t>(one.height));
  for_each_band(bands_of(one.width, one.height, radius), [&](const Band& band) {
    const Image first = rows_of(one, band);
    const Image second = rows_of(other, band);
    const auto pixels_of = [width](int rows) { return static_cast<std::size_t>(rows) * width; };
    const auto sums =
        std::span(sum).subspan(pixels_of(band.first), pixels_of(band.end - band.first));
    for (int c = 0; c < channels; ++c)
      add_similarity(channel_of(first, c), channel_of(second, c), weights,
                     pixels_of(band.first - band.from), sums);
  });
  return mean_over(sum, inside(one, counted), sum.size()) / channels;
}

}  // namespace ip2p
