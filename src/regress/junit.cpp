// junit.cpp - elements written as text: there are six kinds.
#include "ip2p/regress/junit.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/regress/run_record.h"

namespace ip2p {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// How many bytes the UTF-8 character at the front has; 0 for bytes that are none.
std::size_t character_length(std::string_view rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  const std::size_t length = first < 0x80U   ? 1
                             : first < 0xc2U ? 0
                             : first < 0xe0U ? 2
                             : first < 0xf0U ? 3
                             : first < 0xf5U ? 4
                                             : 0;
  if (length > rest.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(rest[i]) & 0xc0U) != 0x80U) return 0;
  return length;
}

/// For attributes and text alike.
std::string escaped(std::string_view words) {
  std::string out;
  while (!words.empty()) {
    const std::size_t length = character_length(words);
    const std::string_view character = words.substr(0, std::max<std::size_t>(length, 1));
    words.remove_prefix(character.size());
    const char byte = character.front();
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
    else if (length == 0 || (static_cast<unsigned char>(byte) < 0x20U && byte != '\t') ||
             character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf")
      out += replacement;
    else
      out += character;
  }
  return out;
}

std::string attribute(std::string_view name, std::string_view value) {
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
