// report_page.cpp - the parts of src/regress/report put together.
#include "ip2p/regress/report_page.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"

namespace ip2p {
namespace {

// Made by CMake from src/regress/report, a literal each.
constexpr std::string_view markup =
#include "report.html.inc"
    ;
constexpr std::string_view style =
#include "report.css.inc"
    ;
constexpr std::string_view program =
#include "report.js.inc"
    ;

std::string base64_of_hex(std::string_view hex) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto value = [](char digit) {
    return static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  };
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char digit : hex) {
    bits = bits << 4U | value(digit);
    for (count += 4; count >= 6; bits &= (1U << count) - 1U) {
      count -= 6;
      out += digits[bits >> count];
    }
  }
  if (count > 0) out += digits[bits << (6U - count)];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

/// What a Content-Security-Policy calls a part that stands in the page.
std::string source_hash(std::string_view part) {
  return "'sha256-" + base64_of_hex(sha256_of(Bytes(part.begin(), part.end()))) + "'";
}

/// Pictures beside the page, opened from a disk or a server, and nothing from anywhere else; no
/// script but ours, and no text that becomes markup.
std::string policy() {
  return text("default-src 'none'; img-src 'self' file:; style-src ", source_hash(style),
              "; script-src ", source_hash(program),
              "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
              "trusted-types 'none'");
}

/// JSON in ASCII in which no tag, comment or character reference can begin.
std::string script_json(const nlohmann::ordered_json& data) {
  using Json = nlohmann::ordered_json;
  std::string out;
  for (const char byte : data.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (byte == '<')
      out += "\\u003c";
    else if (byte == '>')
      out += "\\u003e";
    else if (byte == '&')
      out += "\\u0026";
    else
      out += byte;
  }
  return out;
}

}  // namespace

std::string report_page(const nlohmann::ordered_json& data) {
  const std::array<std::pair<std::string_view, std::string>, 4> parts{
      {{"<!-- policy -->", policy()},
       {"<!-- style -->", std::string(style)},
       {"<!-- data -->", script_json(data)},
       {"<!-- program -->", std::string(program)}}};
  std::string page;
  std::string_view rest = markup;
  for (const auto& [mark, words] : parts) {
    const std::size_t place = rest.find(mark);
    if (place == std::string_view::npos)
      throw Error(Exit::bug, text("the report's markup has no place for ", mark));
    page.append(rest.substr(0, place)).append(words);
    rest.remove_prefix(place + mark.size());
  }
  return page.append(rest);
}

}  // namespace ip2p
