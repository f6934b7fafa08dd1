// json_text.h - JSON from files that somebody else wrote.
#pragma once

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

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

/// As parse_json, for what people write: also refuses an object that has a key twice, of which one
/// would silently not count.
template <class Json>
Json parse_json_with_unique_keys(std::string_view text) {
  using Event = typename Json::parse_event_t;
  std::vector<std::set<std::string>> open;
  (void)parse_json<Json>(text);  // is not nested too deeply
  return Json::parse(text, [&open](int, Event event, Json& parsed) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(parsed.template get<std::string>()).second)
      throw std::runtime_error("the key " + parsed.dump() + " is there twice");
    return true;
  });
}

}  // namespace ip2p
