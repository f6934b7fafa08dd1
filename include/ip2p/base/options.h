// options.h - what follows from an options struct's `visit`: checks, JSON out, JSON in.
//
//   struct SamplerOptions {
//     std::int64_t steps = 100;
//     template <class Self, class Field>
//     static void visit(Self& self, Field&& field) {
//       field("steps", self.steps, "denoising steps", Range{1, 1000});
//     }
//   };
//
// A field is a std::string, bool, std::int64_t, std::uint64_t, double or a std::optional of one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/range.h"

namespace ip2p {

/// The type of an option's value: that of a std::optional's content, or its own.
template <class Field>
struct ValueOf {
  using type = Field;
};
template <class Value>
struct ValueOf<std::optional<Value>> {
  using type = Value;
};

/// The words that an option may be.
class Choices {
 public:
  Choices(std::initializer_list<std::string> words) : words_(words) {}
  explicit Choices(std::vector<std::string> words) : words_(std::move(words)) {}

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] std::string joined() const {
    std::string all;
    for (const std::string& word : words_) all += (all.empty() ? "" : ", ") + word;
    return all;
  }
  [[nodiscard]] std::string expected() const { return "one of " + joined(); }
  [[nodiscard]] bool allows(const std::string& word) const {
    return std::find(words_.begin(), words_.end(), word) != words_.end();
  }

 private:
  std::vector<std::string> words_;
};

/// What an option of this type may be, as every sentence about it says: "a whole number from 1 to
/// 1000", "one of pad, crop".
template <class Value, class... Constraint>
std::string expectation(const Constraint&... constraint) {
  if constexpr (sizeof...(Constraint) == 0 && std::is_integral_v<Value>)
    return expectation<Value>(
        Range{std::numeric_limits<Value>::min(), std::numeric_limits<Value>::max()});
  else if constexpr (sizeof...(Constraint) == 0)
    return std::is_floating_point_v<Value> ? "a finite number" : "a word";
  else if constexpr (std::is_arithmetic_v<Value>)
    return text(std::is_integral_v<Value> ? "a whole number from " : "a number from ",
                (constraint.expected() + ...));
  else
    return (constraint.expected() + ...);
}

/// "cfg-text" as a JSON key: "cfg_text".
inline std::string json_key(std::string_view flag) {
  std::string key(flag);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

namespace detail {

template <class Value>
struct OptionalOf : std::false_type {};
template <class Value>
struct OptionalOf<std::optional<Value>> : std::true_type {};

/// Calls `use(value)`, for a std::optional only when it holds one.
template <class Field, class Use>
void with_value(const Field& field, Use use) {
  if constexpr (OptionalOf<Field>::value) {
    if (field) use(*field);
  } else {
    use(field);
  }
}

template <class Value>
std::string quoted(const Value& value) {
  if constexpr (std::is_same_v<Value, std::string>)
    return "\"" + value + "\"";
  else
    return text(value);
}

/// Whether an option may have this value. Infinities and NaN are never allowed.
template <class Value, class... Constraint>
bool allowed(const Value& value, const Constraint&... constraint) {
  if constexpr (std::is_floating_point_v<Value>)
    if (!std::isfinite(value)) return false;
  return (constraint.allows(value) && ...);
}

using Json = nlohmann::ordered_json;

[[noreturn]] void throw_wrong_type(const std::string& key, std::string_view expected,
                                   const Json& got);
[[noreturn]] void throw_unknown_key(const std::string& key, const std::vector<std::string>& known);

void take(const std::string& key, const Json& json, std::string& value);
void take(const std::string& key, const Json& json, bool& value);
void take(const std::string& key, const Json& json, std::int64_t& value);
void take(const std::string& key, const Json& json, std::uint64_t& value);
void take(const std::string& key, const Json& json, double& value);

template <class Value>
void take(const std::string& key, const Json& json, std::optional<Value>& field) {
  Value value{};
  take(key, json, value);
  field = std::move(value);
}

}  // namespace detail

/// Error{usage} with the option, what it may be and what it is, for the first that is not allowed.
/// Infinities and NaN never are.
template <class Options>
void validate(const Options& options) {
  Options::visit(options, [](const char* name, const auto& field, const char* /*help*/,
                             const auto&... constraint) {
    detail::with_value(field, [&](const auto& value) {
      if (!detail::allowed(value, constraint...))
        throw Error(Exit::usage,
                    text("--", name, ": expected ",
                         expectation<std::remove_cvref_t<decltype(value)>>(constraint...), ", got ",
                         detail::quoted(value)));
    });
  });
}

/// One key an option, in the order of `visit`. Options that are not given are left out.
template <class Options>
nlohmann::ordered_json options_to_json(const Options& options) {
  auto json = nlohmann::ordered_json::object();
  Options::visit(options, [&json](const char* name, const auto& field, const char* /*help*/,
                                  const auto&... /*constraint*/) {
    detail::with_value(field, [&](const auto& value) { json[json_key(name)] = value; });
  });
  return json;
}

/// Sets the options that `json` names and leaves the others. Error{usage} when `json` is no object,
/// has a key that is no option, or a value of the wrong type or out of range; then nothing is set.
template <class Options>
void options_from_json(const nlohmann::ordered_json& json, Options& options) {
  if (!json.is_object()) detail::throw_wrong_type("options", "an object", json);
  Options result = options;
  std::vector<std::string> known;
  Options::visit(result, [&](const char* name, auto& field, const char* /*help*/,
                             const auto&... /*constraint*/) {
    const std::string& key = known.emplace_back(json_key(name));
    if (json.contains(key)) detail::take(key, json.at(key), field);
  });
  for (const auto& item : json.items())
    if (std::find(known.begin(), known.end(), item.key()) == known.end())
      detail::throw_unknown_key(item.key(), known);
  validate(result);
  options = std::move(result);
}

}  // namespace ip2p
