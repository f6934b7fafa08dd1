// compare_report.h - what was measured of two pictures, in words and as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "ip2p/regress/picture_comparison.h"

namespace ip2p::cli {

/// One line: "a.png: same, equal", "a.png: differs, up to 12 of 255 (R at 40, 7), mean 0.31; ssim
/// 0.94 is below 0.95".
std::string comparison_words(const ComparedPicture& compared);

/// name, outcome, reason, metrics, limits.
nlohmann::ordered_json comparison_json(const ComparedPicture& compared);

}  // namespace ip2p::cli
