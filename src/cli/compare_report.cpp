// compare_report.cpp - a pair's outcome as text and as JSON.
#include "compare_report.h"

#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/compare/measure_words.h"

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

}  // namespace

std::string comparison_words(const ComparedPicture& compared) {
  const std::string words = text(compared.name, ": ", outcome_name(compared.outcome));
  if (!compared.reason.empty()) return text(words, ": ", compared.reason);
  return text(words, ", ", measured_words(*compared.metrics, compared.judged));
}

nlohmann::ordered_json comparison_json(const ComparedPicture& compared) {
  nlohmann::ordered_json said{{"name", compared.name}, {"outcome", outcome_name(compared.outcome)}};
  if (!compared.reason.empty()) said["reason"] = compared.reason;
  if (!compared.metrics) return said;
  said.update(measures_to_json(*compared.metrics, compared.judged));
  return said;
}

}  // namespace ip2p::cli
