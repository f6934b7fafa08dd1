// option_flags.h - turns the `visit` of an options struct into flags.
#pragma once

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "ip2p/base/options.h"

namespace ip2p::cli {

/// Empty when `word` is a whole number that `Integer` can hold, else what is wrong with it. The
/// parser itself would let -1 and 2^64 wrap around.
template <class Integer>
std::string check_whole_number(const std::string& word) {
  Integer value{};
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (failed == std::errc() && end == word.data() + word.size()) return "";
  return text("expected a whole number from ", std::numeric_limits<Integer>::min(), " to ",
              std::numeric_limits<Integer>::max(), ", got ", word);
}

/// The type of an option's value: that of a std::optional's content, or its own.
template <class Field>
struct ValueOf {
  using type = Field;
};
template <class Value>
struct ValueOf<std::optional<Value>> {
  using type = Value;
};

/// Adds one flag a field. Ranges are shown in help; `validate` checks them, with the
/// same sentence for a flag as for a file.
template <class Options>
void add_flags(CLI::App& app, Options& options) {
  Options::visit(options, [&](const char* name, auto& value, const char* help, auto... constraint) {
    using Value = typename ValueOf<std::remove_cvref_t<decltype(value)>>::type;
    std::string flag = "--" + std::string(name);
    CLI::Option* added = nullptr;
    if constexpr (std::is_same_v<Value, bool>)
      added = app.add_flag(flag, value, help);
    else
      added = app.add_option(flag, value, help);
    if constexpr (std::is_integral_v<Value> && !std::is_same_v<Value, bool>)
      added->check(check_whole_number<Value>);
    if constexpr (sizeof...(constraint) > 0) added->type_name((constraint.expected() + ...));
  });
}

}  // namespace ip2p::cli
