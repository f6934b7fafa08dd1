// compare_report.h - what was measured of two pictures, in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/regress/picture_comparison.h"

namespace ip2p::cli {

/// Four digits: "0.3125", "1.2e-05".
std::string short_number(double value);

/// "equal", or "up to 12 of 255 (R at 40, 7), mean 0.31, ...".
std::string metrics_words(const Metrics& metrics);

/// "; ssim 0.94 is below 0.95" for each that does not hold.
std::string broken_words(const std::vector<Judged>& judged);

/// One line: "a.png: same", "a.png: differs by up to 12 (R at 40, 7), mean 0.31; ssim 0.94 is below
/// 0.95".
std::string comparison_words(const ComparedPicture& compared);

/// name, outcome, reason, metrics, limits.
nlohmann::ordered_json comparison_json(const ComparedPicture& compared);

}  // namespace ip2p::cli
