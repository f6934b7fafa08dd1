// json_fields.h - strict reading of a JSON object: a field that is missing, of another type or out
// of range ends in a sentence that names it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"
#include "ip2p/base/range.h"

namespace ip2p {

using Json = nlohmann::json;

/// One object of bundle.json, which knows its place for error sentences. Every reader throws
/// Error{model}: file, field, what was expected, what is there, what to do.
class JsonFields {
 public:
  JsonFields(const Json& object, std::string where, const fs::path& file)
      : object_(object), where_(std::move(where)), file_(file) {
    if (!object.is_object()) fail("", "an object", object);
  }

  template <class T>
  [[nodiscard]] T get(const std::string& key, const char* expected) const {
    const auto found = object_.find(key);
    if (found == object_.end())
      throw Error(Exit::model, text(file_, ": ", where_, key, " is missing (expected ", expected,
                                    "); export the bundle again"));
    return convert<T>(key, *found, expected);
  }

  /// nullopt when the key is missing or null.
  template <class T>
  [[nodiscard]] std::optional<T> optional(const std::string& key, const char* expected) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    return convert<T>(key, *found, expected);
  }

  [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t lo,
                                     std::int64_t hi) const {
    const std::string expected = text("a whole number from ", lo, " to ", hi);
    return checked(key, get<std::int64_t>(key, expected.c_str()), lo, hi, expected);
  }

  [[nodiscard]] std::int64_t integer(const std::string& key, Range<int> range) const {
    return integer(key, range.lo, range.hi);
  }

  [[nodiscard]] double number(const std::string& key, Range<double> range) const {
    return number(key, range.lo, range.hi);
  }

  [[nodiscard]] double number(const std::string& key, double lo, double hi) const {
    const std::string expected = text("a number from ", lo, " to ", hi);
    return checked(key, get<double>(key, expected.c_str()), lo, hi, expected);
  }

  [[nodiscard]] JsonFields object(const std::string& key) const {
    return {get<Json>(key, "an object"), where_ + key + ".", file_};
  }

  /// Refuses keys outside `known`: an unknown one here could change pixels.
  void only(const std::set<std::string>& known) const {
    for (const auto& [key, value] : object_.items())
      if (!known.contains(key))
        throw Error(Exit::model, text(file_, ": ", where_, key,
                                      " is not a field that this ip2p knows; use a newer ip2p"));
  }

  [[nodiscard]] bool has(const std::string& key) const { return object_.contains(key); }
  [[nodiscard]] const Json& json() const { return object_; }

  [[noreturn]] void fail(const std::string& key, std::string_view expected, const Json& got) const {
    std::string shown = got.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
    std::string place = where_ + key;
    if (!place.empty() && place.back() == '.') place.pop_back();
    throw Error(Exit::model, text(file_, ": ", place.empty() ? "the file" : place, ": expected ",
                                  expected, ", got ", shown, "; export the bundle again"));
  }

 private:
  template <class T>
  [[nodiscard]] T convert(const std::string& key, const Json& value, const char* expected) const {
    bool fits = true;
    if constexpr (std::is_same_v<T, bool>) fits = value.is_boolean();
    if constexpr (std::is_same_v<T, std::string>) fits = value.is_string();
    if constexpr (std::is_same_v<T, std::int64_t>)
      fits = value.is_number_integer() &&
             !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
    if constexpr (std::is_same_v<T, double>)
      fits = value.is_number() && std::isfinite(value.get<double>());
    if (!fits) fail(key, expected, value);
    return value.get<T>();
  }

  template <class T>
  [[nodiscard]] T checked(const std::string& key, T value, T lo, T hi,
                          const std::string& expected) const {
    if (value < lo || value > hi) fail(key, expected, object_.at(key));
    return value;
  }

  Json object_;
  std::string where_;
  fs::path file_;
};

/// The index in `names` of the string at `key`.
template <class Enum, std::size_t N>
Enum choice(const JsonFields& fields, const std::string& key,
            const std::array<std::string_view, N>& names) {
  std::string expected = "one of";
  for (const std::string_view name : names) expected += text(" \"", name, "\"");
  const auto value = fields.get<std::string>(key, expected.c_str());
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end()) fields.fail(key, expected, value);
  return static_cast<Enum>(found - names.begin());
}

}  // namespace ip2p
