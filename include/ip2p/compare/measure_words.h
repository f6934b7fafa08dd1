// measure_words.h - what was measured of two pictures, in words for people.
#pragma once

#include <string>
#include <vector>

#include "ip2p/compare/limits.h"

namespace ip2p {

/// Four digits: "0.3125", "1.2e-05".
std::string short_number(double value);

/// What was found and its limit, in as many digits as tell the two apart, four at least: what is
/// 0.94998 is not said to be below 0.95 as "0.95".
struct FoundAndLimit {
  std::string found;
  std::string limit;
};
FoundAndLimit told_apart(const Judged& judged);

/// "40 of 255 (G at 10, 20)".
std::string worst_words(const WorstPixel& worst);

/// "ssim 0.94 is below 0.95" for each that does not hold.
std::vector<std::string> broken_words(const std::vector<Judged>& judged);

/// "equal", or "up to 12 of 255 (R at 40, 7), mean 0.31, ..."; then what does not hold:
/// "; ssim 0.94 is below 0.95".
std::string measured_words(const Metrics& metrics, const std::vector<Judged>& judged);

}  // namespace ip2p
