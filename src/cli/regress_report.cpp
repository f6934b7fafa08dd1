// regress_report.cpp - results as text.
#include "regress_report.h"

#include <algorithm>
#include <map>

#include "ip2p/base/error.h"
#include "ip2p/compare/measure_words.h"
#include "ip2p/regress/run_record.h"

#include "text_table.h"

namespace ip2p::cli {

std::string result_line(const CaseResult& result) {
  std::string line = text(verdict_name(result.verdict.verdict), " ", result.name);
  if (!result.verdict.reason.empty()) line += ": " + result.verdict.reason;
  for (const MeasuredPart& part : result.verdict.parts)
    line += text(": ", part.region.empty() ? "" : part.region + " ",
                 measured_words(part.metrics, part.judged));
  if (result.verdict.is_cross && !result.verdict.parts.empty()) line += " (of another back end)";
  return line;
}

std::string failure_table(const std::vector<CaseResult>& results) {
  std::vector<std::vector<std::string>> rows{{"case", "verdict", "metric", "found", "limit"}};
  for (const CaseResult& result : results) {
    if (result.verdict.verdict == Verdict::passes) continue;
    const std::string verdict = verdict_name(result.verdict.verdict);
    if (!result.verdict.reason.empty())
      rows.push_back({result.name, verdict, result.verdict.reason});
    for (const MeasuredPart& part : result.verdict.parts)
      for (const Judged& judged : part.judged) {
        if (judged.holds) continue;
        const auto [found, limit] = told_apart(judged);
        rows.push_back({result.name, verdict,
                        part.region.empty() ? judged.metric : text(part.region, ' ', judged.metric),
                        found, limit});
      }
  }
  return rows.size() == 1 ? "" : text_table(rows);
}

std::string counts_words(const std::vector<CaseResult>& results) {
  std::map<Verdict, std::size_t> counts;
  for (const CaseResult& result : results) ++counts[result.verdict.verdict];
  std::string words;
  for (const auto& [verdict, count] : counts)
    words += text(words.empty() ? "" : ", ", count, " ", verdict_name(verdict));
  return words;
}

std::string repeats_words(const std::vector<CaseResult>& results, std::size_t times) {
  std::size_t unequal = 0;
  std::int64_t farthest = 0;
  for (const CaseResult& result : results) {
    if (!result.repeats || result.repeats->max_abs == 0) continue;
    ++unequal;
    farthest = std::max(farthest, result.repeats->max_abs);
  }
  const std::string made = text("made ", times, " times: ");
  if (unequal == 0) return made + "every picture is equal each time";
  return text(made, unequal, " of ", results.size(), " cases are not equal each time, up to ",
              farthest, " of 255 apart");
}

}  // namespace ip2p::cli
