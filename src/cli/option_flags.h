// option_flags.h - turns the `visit` of an options struct into flags.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <type_traits>

#include <CLI/CLI.hpp>

#include "ip2p/base/options.h"

namespace ip2p::cli {

/// Empty when `word` is a number that the option may have, else what is wrong with it: the sentence
/// of `validate`. The parser itself would let -1 and 2^64 wrap around.
template <class Number, class... Constraint>
std::string number_problem(const std::string& word, const Constraint&... constraint) {
  Number value{};
  const auto [end, failed] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool is_number = failed == std::errc() && end == word.data() + word.size();
  if (is_number && detail::allowed(value, constraint...)) return "";
  return text("expected ", expectation<Number>(constraint...), ", got ",
              word.empty() ? "\"\"" : word);
}

/// Adds a flag whose value is any word, also an empty one: the parser takes an empty word for a
/// std::optional as no word at all.
inline CLI::Option* add_word(CLI::App& app, const std::string& names,
                             std::optional<std::string>& value, const std::string& help) {
  return app.add_option_function<std::string>(
      names, [&value](const std::string& word) { value = word; }, help);
}

/// Adds one flag a field, with its range and default in the help. Words are checked by `validate`.
template <class Options>
void add_flags(CLI::App& app, Options& options) {
  Options::visit(options, [&](const char* name, auto& value, const char* help, auto... constraint) {
    using Field = std::remove_cvref_t<decltype(value)>;
    using Value = typename ValueOf<Field>::type;
    const std::string flag = "--" + std::string(name);
    CLI::Option* added = nullptr;
    if constexpr (std::is_same_v<Value, bool>)
      added = app.add_flag(flag, value, help);
    else if constexpr (std::is_same_v<Field, std::optional<std::string>>)
      added = add_word(app, flag, value, help);
    else
      added = app.add_option(flag, value, help);
    if constexpr (std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>)
      added->check([constraint...](const std::string& word) {
        return number_problem<Value>(word, constraint...);
      });
    if constexpr (std::is_arithmetic_v<Field> && !std::is_same_v<Field, bool>)
      added->capture_default_str();
    if constexpr (sizeof...(constraint) > 0) added->type_name((constraint.expected() + ...));
  });
}

}  // namespace ip2p::cli
