// compare_report.cpp - numbers with as many digits as they mean something.
#include "compare_report.h"

#include <iomanip>
#include <sstream>
#include <string_view>

#include "ip2p/base/error.h"

namespace ip2p::cli {
namespace {

std::string_view outcome_name(Comparison outcome) {
  switch (outcome) {
    case Comparison::same:
      return "same";
    case Comparison::differs:
      return "differs";
    case Comparison::missing:
      return "missing";
    case Comparison::added:
      return "added";
    case Comparison::unreadable:
      return "unreadable";
  }
  return "";
}

/// A metric that has its limit below it rather than above.
bool is_floor(const std::string& metric) {
  return metric == "psnr_db" || metric == "ssim" || metric.starts_with("clip_");
}

}  // namespace

std::string short_number(double value) {
  std::ostringstream out;
  constexpr int digits = 4;
  out << std::setprecision(digits) << value;
  return out.str();
}

std::string metrics_words(const Metrics& metrics) {
  const WorstPixel& worst = metrics.pixels.worst;
  const std::string direction =
      metrics.clip_direction ? text(", clip_direction ", short_number(*metrics.clip_direction))
                             : "";
  if (worst.value == 0) return "equal" + direction;
  std::string words = text("up to ", worst.value, " of 255 (", worst.channel, " at ", worst.x, ", ",
                           worst.y, "), mean ", short_number(metrics.pixels.mean_abs), ", psnr ",
                           short_number(metrics.pixels.psnr_db()), " dB");
  if (metrics.ssim) words += text(", ssim ", short_number(*metrics.ssim));
  if (metrics.flip) words += text(", flip ", short_number(*metrics.flip));
  if (metrics.clip_image) words += text(", clip_image ", short_number(*metrics.clip_image));
  return words + direction;
}

std::string broken_words(const std::vector<Judged>& judged) {
  std::string words;
  for (const Judged& each : judged)
    if (!each.holds)
      words += text("; ", each.metric, " ", short_number(each.found),
                    is_floor(each.metric) ? " is below " : " is above ", short_number(each.limit));
  return words;
}

std::string comparison_words(const ComparedPicture& compared) {
  const std::string words = text(compared.name, ": ", outcome_name(compared.outcome));
  if (!compared.reason.empty()) return text(words, ": ", compared.reason);
  return text(words, ", ", metrics_words(*compared.metrics), broken_words(compared.judged));
}

nlohmann::ordered_json comparison_json(const ComparedPicture& compared) {
  nlohmann::ordered_json said{{"name", compared.name}, {"outcome", outcome_name(compared.outcome)}};
  if (!compared.reason.empty()) said["reason"] = compared.reason;
  if (!compared.metrics) return said;
  said.update(measures_to_json(*compared.metrics, compared.judged));
  return said;
}

}  // namespace ip2p::cli
