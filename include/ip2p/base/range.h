// range.h - the numbers that something may be, declared once for checks, sentences and help.
#pragma once

#include <array>
#include <charconv>
#include <string>
#include <type_traits>
#include <utility>

#include "ip2p/base/error.h"

namespace ip2p {

/// A number as its shortest text that reads back as the same number: streams would round it.
template <class Number>
std::string exact(Number number) {
  if constexpr (std::is_floating_point_v<Number>) {
    std::array<char, 32> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return {digits.data(), written.ptr};
  } else {
    return text(number);
  }
}

/// The numbers from `lo` to `hi`, both allowed. NaN never is.
template <class Number>
struct Range {
  Number lo;
  Number hi;

  [[nodiscard]] std::string expected() const { return text(exact(lo), " to ", exact(hi)); }

  template <class Value>
  [[nodiscard]] bool allows(const Value& value) const {
    if constexpr (std::is_floating_point_v<Value> || std::is_floating_point_v<Number>)
      return static_cast<double>(value) >= static_cast<double>(lo) &&
             static_cast<double>(value) <= static_cast<double>(hi);
    else
      return std::cmp_greater_equal(value, lo) && std::cmp_less_equal(value, hi);
  }
};
template <class Number>
Range(Number, Number) -> Range<Number>;

}  // namespace ip2p
