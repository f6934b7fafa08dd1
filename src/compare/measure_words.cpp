// measure_words.cpp - numbers with as many digits as they mean something.
#include "ip2p/compare/measure_words.h"

#include <iomanip>
#include <limits>
#include <sstream>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr int few_digits = 4;

std::string number(double value, int digits) {
  std::ostringstream out;
  out << std::setprecision(digits) << value;
  return out.str();
}

std::string metrics_words(const Metrics& metrics) {
  const std::string direction =
      metrics.clip_direction ? text(", clip_direction ", short_number(*metrics.clip_direction))
                             : "";
  if (metrics.pixels.worst.value == 0) return "equal" + direction;
  std::string words = text("up to ", worst_words(metrics.pixels.worst), ", mean ",
                           short_number(metrics.pixels.mean_abs), ", psnr ",
                           short_number(metrics.pixels.psnr_db()), " dB");
  if (metrics.ssim) words += text(", ssim ", short_number(*metrics.ssim));
  if (metrics.flip) words += text(", flip ", short_number(*metrics.flip));
  if (metrics.clip_image) words += text(", clip_image ", short_number(*metrics.clip_image));
  return words + direction;
}

}  // namespace

std::string short_number(double value) {
  return number(value, few_digits);
}

FoundAndLimit told_apart(const Judged& judged) {
  for (int digits = few_digits;; ++digits) {
    FoundAndLimit words{.found = number(judged.found, digits),
                        .limit = number(judged.limit, digits)};
    const bool is_all = digits >= std::numeric_limits<double>::max_digits10;
    if (is_all || words.found != words.limit) return words;
  }
}

std::string worst_words(const WorstPixel& worst) {
  return text(worst.value, " of 255 (", worst.channel, " at ", worst.x, ", ", worst.y, ')');
}

std::vector<std::string> broken_words(const std::vector<Judged>& judged) {
  std::vector<std::string> words;
  for (const Judged& each : judged) {
    if (each.holds) continue;
    const auto [found, limit] = told_apart(each);
    words.push_back(
        text(each.metric, ' ', found, each.at_least ? " is below " : " is above ", limit));
  }
  return words;
}

std::string measured_words(const Metrics& metrics, const std::vector<Judged>& judged) {
  std::string words = metrics_words(metrics);
  for (const std::string& broken : broken_words(judged)) words += "; " + broken;
  return words;
}

}  // namespace ip2p
