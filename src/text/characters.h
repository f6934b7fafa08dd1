// characters.h - Unicode as transformers' tokenizer knows it, whichever ICU is installed.
#pragma once

#include <string>

#include <unicode/umachine.h>

namespace ip2p {

enum class CharacterClass { space, letter, number, other };

CharacterClass character_class(UChar32 character);

/// Appends the lower-case form of one character, without regard to its neighbours.
void append_lower_case(UChar32 character, std::u32string& out);

/// Whether NFC may reorder or compose the character.
bool takes_part_in_nfc(UChar32 character);

}  // namespace ip2p
