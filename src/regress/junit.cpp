// junit.cpp - elements written as text: there are six kinds.
#include "ip2p/regress/junit.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/regress/run_record.h"

namespace ip2p {
namespace {

/// For attributes and text alike.
std::string escaped(const std::string& words) {
  using Json = nlohmann::json;
  // What is not UTF-8 is replaced by the writer of JSON, which knows how.
  const auto utf8 = Json::parse(Json(words).dump(-1, ' ', false, Json::error_handler_t::replace))
                        .get<std::string>();
  std::string out;
  for (const char byte : utf8) {
    if (byte == '&')
      out += "&amp;";
    else if (byte == '<')
      out += "&lt;";
    else if (byte == '>')
      out += "&gt;";
    else if (byte == '"')
      out += "&quot;";
    else if (byte == '\n')
      out += "&#10;";
    else if (byte >= 0 && byte < ' ' && byte != '\t')
      out += "\xef\xbf\xbd";  // XML has no way to say it
    else
      out += byte;
  }
  return out;
}

std::string attribute(std::string_view name, const std::string& value) {
  return text(' ', name, "=\"", escaped(value), '"');
}

bool is_error(const CaseResult& result) {
  return result.verdict.verdict == Verdict::errors;
}

bool is_failure(const CaseResult& result) {
  return result.verdict.verdict != Verdict::passes && !is_error(result);
}

/// "max_abs 40 (limit 3)" for each limit that does not hold.
std::string broken_limits(const CaseVerdict& verdict) {
  std::string words;
  for (const MeasuredPart& part : verdict.parts)
    for (const Judged& judged : part.judged)
      if (!judged.holds)
        words += text(words.empty() ? "" : ", ", part.region.empty() ? "" : part.region + " ",
                      judged.metric, ' ', judged.found, " (limit ", judged.limit, ')');
  return words;
}

std::string properties(const CaseResult& result) {
  std::ostringstream out;
  out << "      <properties>\n";
  const auto property = [&out](const std::string& name, const std::string& value) {
    out << "        <property" << attribute("name", name) << attribute("value", value) << "/>\n";
  };
  property("instruction", result.request.instruction);
  for (const MeasuredPart& part : result.verdict.parts) {
    const std::string prefix = part.region.empty() ? "" : part.region + ".";
    const WorstPixel& worst = part.metrics.pixels.worst;
    property(prefix + "max_abs", text(worst.value));
    if (worst.value > 0)
      property(prefix + "worst_pixel", text(worst.channel, " at ", worst.x, ", ", worst.y));
    for (const Judged& judged : part.judged)
      property(prefix + judged.metric + "_found", text(judged.found));
  }
  out << "      </properties>\n";
  return out.str();
}

std::string testcase(const std::string& suite, const CaseResult& result) {
  std::ostringstream out;
  out << "    <testcase" << attribute("classname", suite) << attribute("name", result.name) << ">\n"
      << properties(result);
  if (result.verdict.verdict != Verdict::passes) {
    const std::string limits = broken_limits(result.verdict);
    const std::string why = limits.empty() ? result.verdict.reason : limits;
    const char* const element = is_error(result) ? "error" : "failure";
    out << "      <" << element << attribute("type", verdict_name(result.verdict.verdict))
        << attribute("message", why) << '>' << escaped(why) << "</" << element << ">\n";
  }
  if (!result.picture.empty()) {
    out << "      <system-out>[[ATTACHMENT|" << escaped(result.picture.string()) << "]]";
    if (!result.verdict.reference.empty())
      out << "&#10;[[ATTACHMENT|" << escaped(result.verdict.reference.string()) << "]]";
    out << "</system-out>\n";
  }
  out << "    </testcase>\n";
  return out.str();
}

}  // namespace

std::string junit_xml(const std::string& suite, const std::vector<CaseResult>& results) {
  const auto counts = text(" tests=\"", results.size(), "\" failures=\"",
                           std::ranges::count_if(results, is_failure), "\" errors=\"",
                           std::ranges::count_if(results, is_error), '"');
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" << counts << ">\n  <testsuite"
      << attribute("name", suite) << counts << ">\n";
  for (const CaseResult& result : results) out << testcase(suite, result);
  out << "  </testsuite>\n</testsuites>\n";
  return out.str();
}

}  // namespace ip2p
