// json_text.h - JSON from files that somebody else wrote.
#pragma once

#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

namespace ip2p {

/// Parses JSON text. Throws a std::exception whose what() says what is wrong with it: no JSON, or
/// nested so deeply that copying it would overflow the stack.
template <class Json>
Json parse_json(std::string_view text) {
  constexpr int deepest = 32;
  return Json::parse(text, [](int depth, typename Json::parse_event_t, Json&) {
    if (depth > deepest) throw std::runtime_error("it is nested too deeply");
    return true;
  });
}

}  // namespace ip2p
