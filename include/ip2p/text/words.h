// words.h - CLIP's front end: how an instruction becomes the words that SentencePiece takes apart.
#pragma once

#include <string>
#include <string_view>

namespace ip2p {

/// Throws Error{usage} with the place of the first byte that is not UTF-8.
void check_utf8(std::string_view instruction);

/// The words of `instruction` (UTF-8), lower-case, joined by one space, each byte written as the
/// one character that CLIP's vocabulary has for it: "Make it  SNOW!" is "make it snow !".
std::string clip_words(std::string_view instruction);

/// The way back, for people: `words` in CLIP's characters as UTF-8. A character whose first bytes
/// are cut off is left out.
std::string readable_words(std::string_view words);

}  // namespace ip2p
