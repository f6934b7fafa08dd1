// shell_words.cpp - three ways to write a word, the plainest that is safe.
#include "ip2p/base/shell_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace ip2p {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdef";

std::uint8_t byte_at(std::string_view word, std::size_t place) {
  return static_cast<std::uint8_t>(word[place]);
}

/// How many bytes the UTF-8 character at `place` has; 0 when there is none.
std::size_t character_length(std::string_view word, std::size_t place) {
  struct Form {
    std::uint8_t mask, lead;
    std::size_t length;
    std::uint32_t first;  ///< character that needs so many bytes
  };
  constexpr std::array forms{Form{0x80, 0x00, 1, 0}, Form{0xe0, 0xc0, 2, 0x80},
                             Form{0xf0, 0xe0, 3, 0x800}, Form{0xf8, 0xf0, 4, 0x10000}};
  const auto form = std::ranges::find_if(
      forms, [&](const Form& each) { return (byte_at(word, place) & each.mask) == each.lead; });
  if (form == forms.end() || place + form->length > word.size()) return 0;
  std::uint32_t character = byte_at(word, place) & static_cast<std::uint8_t>(~form->mask);
  for (std::size_t i = place + 1; i < place + form->length; ++i) {
    if ((byte_at(word, i) & 0xc0U) != 0x80U) return 0;
    character = character << 6U | (byte_at(word, i) & 0x3fU);
  }
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  return character < form->first || is_surrogate || character > 0x10ffff ? 0 : form->length;
}

/// Control characters, and characters without a width of their own, which may also turn round the
/// text around them.
bool is_visible(std::string_view character) {
  if (character.size() == 1) return character[0] >= ' ' && character[0] != '\x7f';
  struct Span {
    std::string_view first, last;  // in UTF-8, which sorts as the characters do
  };
  constexpr std::array invisible{
      Span{"\xc2\x80", "\xc2\xa0"},          // C1 controls, no-break space
      Span{"\xc2\xad", "\xc2\xad"},          // soft hyphen
      Span{"\xd8\x9c", "\xd8\x9c"},          // Arabic letter mark
      Span{"\xe1\xa0\x8e", "\xe1\xa0\x8e"},  // Mongolian vowel separator
      Span{"\xe2\x80\x80", "\xe2\x80\x8f"},  // spaces and joiners of all widths, direction marks
      Span{"\xe2\x80\xa8", "\xe2\x80\xaf"},  // line and paragraph ends, embeddings, overrides
      Span{"\xe2\x81\x9f", "\xe2\x81\xaf"},  // invisible operators, isolates
      Span{"\xe3\x80\x80", "\xe3\x80\x80"},  // ideographic space
      Span{"\xef\xbb\xbf", "\xef\xbb\xbf"},  // byte order mark
      Span{"\xf3\xa0\x80\x80", "\xf3\xa0\x81\xbf"},  // tags
  };
  return std::ranges::none_of(invisible, [character](const Span& span) {
    return character >= span.first && character <= span.last;
  });
}

bool is_plain(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') ||
         std::string_view("_./,:@%+-=").find(byte) != std::string_view::npos;
}

bool shows_all(std::string_view word) {
  for (std::size_t place = 0; place < word.size();) {
    const std::size_t length = character_length(word, place);
    if (length == 0 || !is_visible(word.substr(place, length))) return false;
    place += length;
  }
  return true;
}

std::string single_quoted(std::string_view word) {
  std::string out = "'";
  for (const char byte : word) out += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  return out + "'";
}

/// As $'...'; what follows an escaped byte is escaped too where it could be taken for its third
/// digit.
std::string escaped(std::string_view word) {
  std::string out = "$'";
  bool after_escape = false;
  for (std::size_t place = 0; place < word.size();) {
    const std::size_t length = std::max<std::size_t>(character_length(word, place), 1);
    const std::string_view character = word.substr(place, length);
    const bool is_digit =
        character.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    const bool shows = character_length(word, place) > 0 && is_visible(character);
    if (!shows || (after_escape && is_digit)) {
      for (std::size_t i = place; i < place + length; ++i) {
        out += "\\x";
        out += hexadecimal[byte_at(word, i) >> 4U];
        out += hexadecimal[byte_at(word, i) & 15U];
      }
      after_escape = true;
    } else {
      if (character == "'" || character == "\\") out += '\\';
      out += character;
      after_escape = false;
    }
    place += length;
  }
  return out + "'";
}

std::string shell_word(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
  return shows_all(word) ? single_quoted(word) : escaped(word);
}

}  // namespace

std::string shell_words(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

}  // namespace ip2p
