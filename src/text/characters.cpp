// characters.cpp - ICU's properties, held at the Unicode versions of the library that the models'
// users tokenize with. Otherwise the same instruction would be other tokens on another machine.
//
// tokenizers 0.23 takes letters and numbers from Unicode 16 (Oniguruma), lower case from Unicode 17
// (Rust) and NFC from Unicode 9 (unicode-normalization-alignments). ICU 72, the oldest that ip2p
// builds with, knows Unicode 15.
#include "characters.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <unicode/uchar.h>

namespace ip2p {
namespace {

constexpr int newest_unicode_of_icu = 15;
constexpr int unicode_of_nfc = 9;

struct CharacterRange {
  UChar32 first;
  UChar32 last;
};

// What Unicode 15.1 and 16 added, in order.
constexpr std::array newer_letters{
    CharacterRange{0x1C89, 0x1C8A},   CharacterRange{0xA7CB, 0xA7CD},
    CharacterRange{0xA7DA, 0xA7DC},   CharacterRange{0x105C0, 0x105F3},
    CharacterRange{0x10D4A, 0x10D65}, CharacterRange{0x10D6F, 0x10D85},
    CharacterRange{0x10EC2, 0x10EC4}, CharacterRange{0x11380, 0x11389},
    CharacterRange{0x1138B, 0x1138B}, CharacterRange{0x1138E, 0x1138E},
    CharacterRange{0x11390, 0x113B5}, CharacterRange{0x113B7, 0x113B7},
    CharacterRange{0x113D1, 0x113D1}, CharacterRange{0x113D3, 0x113D3},
    CharacterRange{0x11BC0, 0x11BE0}, CharacterRange{0x13460, 0x143FA},
    CharacterRange{0x16100, 0x1611D}, CharacterRange{0x16D40, 0x16D6C},
    CharacterRange{0x18CFF, 0x18CFF}, CharacterRange{0x1E5D0, 0x1E5ED},
    CharacterRange{0x1E5F0, 0x1E5F0}, CharacterRange{0x2EBF0, 0x2EE5D},
};
constexpr std::array newer_numbers{
    CharacterRange{0x10D40, 0x10D49}, CharacterRange{0x116D0, 0x116E3},
    CharacterRange{0x11BF0, 0x11BF9}, CharacterRange{0x16130, 0x16139},
    CharacterRange{0x16D70, 0x16D79}, CharacterRange{0x1CCF0, 0x1CCF9},
    CharacterRange{0x1E5F1, 0x1E5FA},
};

/// Capitals first to last, whose small letters lie `step` further.
struct CaseRange {
  UChar32 first;
  UChar32 last;
  UChar32 step;
};

// What Unicode 16 and 17 added.
constexpr std::array newer_capitals{
    CaseRange{0x1C89, 0x1C89, 1},      CaseRange{0xA7CB, 0xA7CB, 0x0264 - 0xA7CB},
    CaseRange{0xA7CC, 0xA7CC, 1},      CaseRange{0xA7CE, 0xA7CE, 1},
    CaseRange{0xA7D2, 0xA7D2, 1},      CaseRange{0xA7D4, 0xA7D4, 1},
    CaseRange{0xA7DA, 0xA7DA, 1},      CaseRange{0xA7DC, 0xA7DC, 0x019B - 0xA7DC},
    CaseRange{0x10D50, 0x10D65, 0x20}, CaseRange{0x16EA0, 0x16EB8, 0x1B},
};

template <class Table>
auto find_range(const Table& table, UChar32 character) {
  return std::find_if(table.begin(), table.end(), [character](const auto& range) {
    return range.first <= character && character <= range.last;
  });
}

template <class Table>
bool contains(const Table& table, UChar32 character) {
  return find_range(table, character) != table.end();
}

/// The character was in Unicode `major`.0; false for what ICU does not know at all.
bool known_in(UChar32 character, int major) {
  UVersionInfo age{};
  u_charAge(character, age);
  return age[0] != 0 && (age[0] < major || (age[0] == major && age[1] == 0));
}

}  // namespace

CharacterClass character_class(UChar32 character) {
  if (u_isUWhiteSpace(character) != 0) return CharacterClass::space;
  if (!known_in(character, newest_unicode_of_icu)) {
    if (contains(newer_letters, character)) return CharacterClass::letter;
    if (contains(newer_numbers, character)) return CharacterClass::number;
    return CharacterClass::other;
  }
  const std::uint32_t category = U_GET_GC_MASK(character);
  if ((category & U_GC_L_MASK) != 0) return CharacterClass::letter;
  if ((category & U_GC_N_MASK) != 0) return CharacterClass::number;
  return CharacterClass::other;
}

void append_lower_case(UChar32 character, std::u32string& out) {
  constexpr UChar32 capital_i_with_dot = 0x130;  // the one whose lower case is two characters
  if (character == capital_i_with_dot) {
    out += U"i\u0307";
    return;
  }
  UChar32 lower = character;
  if (known_in(character, newest_unicode_of_icu))
    lower = u_tolower(character);
  else if (const auto* range = find_range(newer_capitals, character); range != newer_capitals.end())
    lower += range->step;
  out += static_cast<char32_t>(lower);
}

bool takes_part_in_nfc(UChar32 character) {
  return known_in(character, unicode_of_nfc);
}

}  // namespace ip2p
