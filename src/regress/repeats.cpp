// repeats.cpp - the worse of two results, and the distance between their pictures.
#include "ip2p/regress/repeats.h"

#include <algorithm>

#include "ip2p/base/error.h"

namespace ip2p {

void add_repeat(std::vector<CaseResult>& results, const std::vector<CaseResult>& again,
                std::size_t number) {
  for (CaseResult& result : results) {
    const auto later = std::ranges::find(again, result.name, &CaseResult::name);
    if (later == again.end()) continue;
    Spread spread = result.repeats.value_or(Spread{});
    spread.add(spread_between({result}, {*later}));
    if (result.verdict.verdict == Verdict::passes && later->verdict.verdict != Verdict::passes) {
      result = *later;
      result.verdict.reason = text("in repeat ", number, result.verdict.reason.empty() ? "" : ": ",
                                   result.verdict.reason);
    }
    result.repeats = spread;
  }
}

}  // namespace ip2p
