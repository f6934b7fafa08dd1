// options.cpp - one value out of JSON, and the sentences for what is not one.
#include "ip2p/base/options.h"

#include <limits>

namespace ip2p::detail {

void throw_wrong_type(const std::string& key, std::string_view expected, const Json& got) {
  throw Error(Exit::usage, text(key, ": expected ", expected, ", got ",
                                got.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

void throw_unknown_key(const std::string& key, const std::vector<std::string>& known) {
  throw Error(Exit::usage, text("unknown option \"", key, "\"; known: ", Choices(known).joined()));
}

void take(const std::string& key, const Json& json, std::string& value) {
  if (!json.is_string()) throw_wrong_type(key, "a string", json);
  value = json.get<std::string>();
}

void take(const std::string& key, const Json& json, bool& value) {
  if (!json.is_boolean()) throw_wrong_type(key, "true or false", json);
  value = json.get<bool>();
}

void take(const std::string& key, const Json& json, std::int64_t& value) {
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool too_large = json.is_number_unsigned() && json.get<std::uint64_t>() > largest;
  if (too_large) throw_wrong_type(key, "a number below 2^63", json);
  if (!json.is_number_integer()) throw_wrong_type(key, "a whole number", json);
  value = json.get<std::int64_t>();
}

void take(const std::string& key, const Json& json, std::uint64_t& value) {
  // A number that code put in may be stored as signed although it is not negative.
  const bool negative =
      json.is_number_integer() && !json.is_number_unsigned() && json.get<std::int64_t>() < 0;
  if (!json.is_number_integer() || negative) throw_wrong_type(key, "a whole number from 0", json);
  value = json.get<std::uint64_t>();
}

void take(const std::string& key, const Json& json, double& value) {
  if (!json.is_number()) throw_wrong_type(key, "a number", json);
  value = json.get<double>();
}

}  // namespace ip2p::detail
