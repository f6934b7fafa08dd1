// repeats.cpp - the worst of several results, and the distance of their pictures.
#include "ip2p/regress/repeats.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

/// Larger is worse.
std::ptrdiff_t badness(const CaseResult& result) {
  constexpr std::array from_good{Verdict::passes, Verdict::added, Verdict::orphan, Verdict::fails,
                                 Verdict::errors};
  return std::distance(from_good.begin(), std::ranges::find(from_good, result.verdict.verdict));
}

}  // namespace

std::vector<std::string> Repeats::add(const std::vector<CaseResult>& again, std::size_t number) {
  std::vector<std::string> worse;
  for (std::size_t i = 0; i < results_.size(); ++i) {
    CaseResult& result = results_[i];
    const auto later = std::ranges::find(again, result.name, &CaseResult::name);
    if (later == again.end()) continue;
    Spread spread = result.repeats.value_or(Spread{});
    spread.add(spread_between({first_[i]}, {*later}));
    if (first_[i].picture.empty()) first_[i].picture = later->picture;
    if (badness(*later) > badness(result)) {
      result = *later;
      result.verdict.reason = text("in repeat ", number, result.verdict.reason.empty() ? "" : ": ",
                                   result.verdict.reason);
      worse.push_back(result.name);
    }
    result.repeats = spread;
  }
  return worse;
}

}  // namespace ip2p
