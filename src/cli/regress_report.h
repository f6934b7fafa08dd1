// regress_report.h - a run of a suite in words: a line a case, and a table of what is wrong.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p::cli {

/// "fail cat-make-it-snow: up to 40 of 255 (G at 10, 20), mean 0.01, ...; max_abs 40 is above 3".
std::string result_line(const CaseResult& result);

/// A line for each reason and each limit that does not hold, of the cases that do not pass: case,
/// verdict, metric, found, limit. Empty when all pass.
std::string failure_table(const std::vector<CaseResult>& results);

/// "1 fail, 12 pass".
std::string counts_words(const std::vector<CaseResult>& results);

/// What the cases that were made several times came to: "made 3 times: 2 of 9 cases are not equal
/// each time, up to 4 of 255 apart".
std::string repeats_words(const std::vector<CaseResult>& results, std::size_t times);

}  // namespace ip2p::cli
