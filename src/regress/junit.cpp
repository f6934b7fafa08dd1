// junit.cpp - elements written as text: there are five kinds.
#include "ip2p/regress/junit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <string_view>

#include "ip2p/base/error.h"
#include "ip2p/compare/measure_words.h"
#include "ip2p/regress/run_record.h"

namespace ip2p {
namespace {

/// For attributes and text alike.
std::string escaped(const std::string& words) {
  using Json = nlohmann::json;
  constexpr std::string_view unsayable = "\xef\xbf\xbd";  // U+FFFD, where XML has no way to say it
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
      out += unsayable;
    else if (out.ends_with("\xef\xbf") && (byte == '\xbe' || byte == '\xbf'))
      out += unsayable.back();  // U+FFFE and U+FFFF
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

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const std::string& each : words) all += text(all.empty() ? "" : between, each);
  return all;
}

/// All that is wrong: "in repeat 2; nose: max_abs 40 is above 3, worst pixel 40 of 255 (G at 10,
/// 20)".
std::string failure_words(const CaseVerdict& verdict) {
  std::vector<std::string> words;
  if (!verdict.reason.empty()) words.push_back(verdict.reason);
  for (const MeasuredPart& part : verdict.parts) {
    std::vector<std::string> broken = broken_words(part.judged);
    if (broken.empty()) continue;
    const WorstPixel& worst = part.metrics.pixels.worst;
    if (worst.value > 0) broken.push_back("worst pixel " + worst_words(worst));
    words.push_back((part.region.empty() ? "" : part.region + ": ") + joined(broken, ", "));
  }
  return joined(words, "; ");
}

/// With all digits that it has.
std::string exact_number(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  return {digits.begin(), end};
}

/// Words on one line, whatever their author put into them.
std::string on_one_line(std::string words) {
  std::ranges::replace(words, '\n', ' ');
  return words;
}

/// The pictures, a line each, as CI systems attach them; then what was asked for and measured.
std::string system_out(const CaseResult& result) {
  std::string lines;
  for (const fs::path& picture : {result.picture, result.verdict.reference})
    if (!result.picture.empty() && !picture.empty())
      lines += text("[[ATTACHMENT|", on_one_line(picture.string()), "]]\n");
  if (!result.request.instruction.empty())
    lines += text("instruction: ", on_one_line(result.request.instruction), '\n');
  for (const MeasuredPart& part : result.verdict.parts) {
    const std::string prefix = part.region.empty() ? "" : on_one_line(part.region) + " ";
    const WorstPixel& worst = part.metrics.pixels.worst;
    lines += text(prefix, "max_abs: ", worst.value, '\n');
    if (worst.value > 0)
      lines += text(prefix, "worst_pixel: ", worst.channel, " at ", worst.x, ", ", worst.y, '\n');
    for (const Judged& judged : part.judged)
      lines += text(prefix, judged.metric, "_found: ", exact_number(judged.found), '\n');
  }
  return lines;
}

std::string testcase(const std::string& suite, const CaseResult& result) {
  std::ostringstream out;
  out << "    <testcase" << attribute("classname", suite) << attribute("name", result.name)
      << ">\n";
  if (result.verdict.verdict != Verdict::passes) {
    const std::string why = failure_words(result.verdict);
    const char* const element = is_error(result) ? "error" : "failure";
    out << "      <" << element << attribute("type", verdict_name(result.verdict.verdict))
        << attribute("message", why) << '>' << escaped(why) << "</" << element << ">\n";
  }
  const std::string lines = system_out(result);
  if (!lines.empty()) out << "      <system-out>" << escaped(lines) << "</system-out>\n";
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
