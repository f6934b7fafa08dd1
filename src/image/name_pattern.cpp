// name_pattern.cpp - matching that takes no more than pattern length times name length steps.
#include "ip2p/image/name_pattern.h"

#include <cstdint>

namespace ip2p {
namespace {

/// Takes the first character off `rest`, which is not empty. A byte that is not UTF-8 is a number
/// that no character has, so that names of any bytes can be matched.
std::uint32_t take_character(std::string_view& rest) {
  constexpr std::uint32_t not_utf8 = 0x110000;
  const auto byte = [&rest](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(rest[at]));
  };
  const std::uint32_t first = byte(0);
  std::size_t length = 1;
  if (first >= 0xc2U && first < 0xf5U) length = first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
  if (length == 1 || length > rest.size()) {
    rest.remove_prefix(1);
    return first < 0x80U ? first : not_utf8 + first;
  }
  std::uint32_t character = first & (0xffU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0U) != 0x80U) {
      rest.remove_prefix(1);
      return not_utf8 + first;
    }
    character = (character << 6U) | (byte(at) & 0x3fU);
  }
  rest.remove_prefix(length);
  return character;
}

/// What stands between `[` and `]`, and what follows.
struct CharacterSet {
  std::string_view members;
  bool inverted = false;
  std::string_view rest;
};

/// False when nothing closes the set that `pattern` begins with.
bool take_set(std::string_view pattern, CharacterSet& set) {
  pattern.remove_prefix(1);
  set.inverted = pattern.starts_with('!') || pattern.starts_with('^');
  if (set.inverted) pattern.remove_prefix(1);
  const std::size_t end = pattern.find(']', 1);
  if (end == std::string_view::npos) return false;
  set.members = pattern.substr(0, end);
  set.rest = pattern.substr(end + 1);
  return true;
}

bool has(const CharacterSet& set, std::uint32_t character) {
  bool found = false;
  for (std::string_view rest = set.members; !rest.empty();) {
    const std::uint32_t low = take_character(rest);
    std::uint32_t high = low;
    if (rest.size() > 1 && rest.front() == '-') {
      rest.remove_prefix(1);
      high = take_character(rest);
    }
    found = found || (low <= character && character <= high);
  }
  return found != set.inverted;
}

/// Takes one character off `name` and what it fits off `pattern`; both are not empty, `pattern`
/// does not begin with `*`.
bool take_fitting(std::string_view& name, std::string_view& pattern) {
  const std::uint32_t character = take_character(name);
  CharacterSet set;
  if (pattern.front() == '[' && take_set(pattern, set)) {
    pattern = set.rest;
    return has(set, character);
  }
  const bool any = pattern.front() == '?';
  return take_character(pattern) == character || any;
}

}  // namespace

bool has_wildcards(std::string_view pattern) {
  return pattern.find_first_of("*?[") != std::string_view::npos;
}

bool fits(std::string_view name, std::string_view pattern) {
  // Only the last `*` may have to take more: the parts before it have fitted as early as they can.
  bool starred = false;
  std::string_view name_at_star;
  std::string_view pattern_at_star;
  while (!name.empty() || !pattern.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      starred = true;
      name_at_star = name;
      pattern_at_star = pattern;
    } else if (name.empty() || pattern.empty() || !take_fitting(name, pattern)) {
      if (!starred || name_at_star.empty()) return false;
      take_character(name_at_star);
      name = name_at_star;
      pattern = pattern_at_star;
    }
  }
  return true;
}

}  // namespace ip2p
