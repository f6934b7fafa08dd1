// words.cpp - NFC, lower case, the split into words, bytes as characters: in the order in which
// transformers' CLIPTokenizer does them (5.x; it does not run ftfy).
#include "ip2p/text/words.h"

#include <array>
#include <cstdint>
#include <ios>
#include <span>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "ip2p/base/error.h"

#include "characters.h"

namespace ip2p {
namespace {

std::int32_t icu_length(std::string_view text) {
  constexpr std::size_t limit = std::size_t{1} << 20;
  if (text.size() > limit)
    throw Error(Exit::usage, ip2p::text("the instruction is ", text.size(), " bytes long; at most ",
                                        limit, " are read"));
  return static_cast<std::int32_t>(text.size());
}

// ICU's macro converts without saying so.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
/// The character of the UTF-8 `text` at `at`, which moves behind it; negative if there is none.
UChar32 next_character(std::string_view text, std::int32_t& at) {
  const auto length = static_cast<std::int32_t>(text.size());
  UChar32 character = 0;
  U8_NEXT(text.data(), at, length, character);
  return character;
}
#pragma GCC diagnostic pop

/// Normalization form C as of Unicode 9: newer characters stay where they are and compose with
/// nothing.
icu::UnicodeString composed(const icu::UnicodeString& characters) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  icu::UnicodeString result;
  std::int32_t begin = 0;
  const auto append_up_to = [&](std::int32_t end) {
    if (begin < end) result += nfc->normalize(characters.tempSubStringBetween(begin, end), status);
  };
  for (std::int32_t at = 0; U_SUCCESS(status) && at < characters.length();) {
    const UChar32 character = characters.char32At(at);
    const std::int32_t next = characters.moveIndex32(at, 1);
    if (!takes_part_in_nfc(character)) {
      append_up_to(at);
      result += character;
      begin = next;
    }
    at = next;
  }
  if (U_SUCCESS(status)) append_up_to(characters.length());
  if (U_FAILURE(status)) throw Error(Exit::bug, text("ICU's NFC failed: ", u_errorName(status)));
  return result;
}

std::u32string lower_case(const icu::UnicodeString& characters) {
  std::u32string result;
  for (std::int32_t at = 0; at < characters.length(); at = characters.moveIndex32(at, 1))
    append_lower_case(characters.char32At(at), result);
  return result;
}

// In the order in which the split tries them.
constexpr std::array<std::u32string_view, 7> contractions{U"'s", U"'t",  U"'re", U"'ve",
                                                          U"'m", U"'ll", U"'d"};
constexpr std::array<std::u32string_view, 2> spelled_tokens{U"<|startoftext|>", U"<|endoftext|>"};

/// The one of `words` that `rest` begins with, or nothing.
std::u32string_view first_of(std::span<const std::u32string_view> words, std::u32string_view rest) {
  for (const std::u32string_view word : words)
    if (rest.starts_with(word)) return word;
  return {};
}

CharacterClass class_of(char32_t character) {
  return character_class(static_cast<UChar32>(character));
}

/// How many characters the first word of `rest` has; `rest` does not begin with space. The pattern
/// is  's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
std::size_t word_length(std::u32string_view rest) {
  if (const auto word = first_of(contractions, rest); !word.empty()) return word.size();
  const CharacterClass kind = class_of(rest.front());
  std::size_t length = 1;
  if (kind != CharacterClass::number)
    while (length < rest.size() && class_of(rest[length]) == kind) ++length;
  return length;
}

// CLIP's vocabulary is printable text: a byte that is a printable Latin-1 character stands for
// itself, the others are numbered from U+0100.
constexpr std::size_t first_numbered = 0x100;

constexpr bool stands_for_itself(std::size_t byte) {
  return (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
}

constexpr std::array<char16_t, 256> character_of_byte = [] {
  std::array<char16_t, 256> table{};
  std::size_t next = first_numbered;
  for (std::size_t byte = 0; byte < table.size(); ++byte)
    table.at(byte) = static_cast<char16_t>(stands_for_itself(byte) ? byte : next++);
  return table;
}();

/// -1 for a character that stands for no byte.
constexpr std::array<std::int16_t, first_numbered + 68> byte_of_character = [] {
  std::array<std::int16_t, first_numbered + 68> table{};
  table.fill(-1);
  for (std::size_t byte = 0; byte < character_of_byte.size(); ++byte)
    table.at(character_of_byte.at(byte)) = static_cast<std::int16_t>(byte);
  return table;
}();

/// One of CLIP's characters, all below U+0800, as UTF-8.
void append_utf8(char16_t character, std::string& out) {
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else {
    out += static_cast<char>(0xC0 | (character >> 6));
    out += static_cast<char>(0x80 | (character & 0x3F));
  }
}

void append_word(std::u32string_view word, std::string& out) {
  std::string utf8;
  for (const char32_t character : word)
    icu::UnicodeString(static_cast<UChar32>(character)).toUTF8String(utf8);
  if (!out.empty()) out += ' ';
  for (const char byte : utf8)
    append_utf8(character_of_byte.at(static_cast<std::uint8_t>(byte)), out);
}

void append_words(std::u32string_view rest, std::string& out) {
  while (!rest.empty()) {
    // A token spelled in other case than its own is split like any text, but does not run on into
    // what follows: "<|ENDOFTEXT|>!!" is "<| endoftext |> !!". At the very end nothing follows.
    const std::u32string_view spelled = first_of(spelled_tokens, rest);
    std::size_t length = 1;
    if (!spelled.empty() && spelled.size() < rest.size()) {
      length = spelled.size();
      append_words(spelled, out);
    } else if (class_of(rest.front()) != CharacterClass::space) {
      length = word_length(rest);
      append_word(rest.substr(0, length), out);
    }
    rest.remove_prefix(length);
  }
}

}  // namespace

void check_utf8(std::string_view instruction) {
  const std::int32_t length = icu_length(instruction);
  for (std::int32_t at = 0; at < length;) {
    const std::int32_t begin = at;
    if (next_character(instruction, at) < 0) {
      const auto byte = static_cast<std::uint8_t>(instruction[static_cast<std::size_t>(begin)]);
      throw Error(Exit::usage,
                  text("the instruction is not UTF-8: no character begins at byte ", begin + 1,
                       " (0x", std::hex, int{byte}, std::dec, "); give it in UTF-8"));
    }
  }
}

std::string clip_words(std::string_view instruction) {
  check_utf8(instruction);
  const std::u32string characters = lower_case(composed(
      icu::UnicodeString::fromUTF8(icu::StringPiece(instruction.data(), icu_length(instruction)))));

  std::string words;
  append_words(characters, words);
  return words;
}

std::string readable_words(std::string_view words) {
  std::string bytes;
  const auto length = static_cast<std::int32_t>(words.size());
  for (std::int32_t at = 0; at < length;) {
    const UChar32 character = next_character(words, at);
    const bool is_byte =
        character >= 0 && static_cast<std::size_t>(character) < byte_of_character.size();
    const int byte = is_byte ? byte_of_character.at(static_cast<std::size_t>(character)) : -1;
    bytes += static_cast<char>(byte < 0 ? ' ' : byte);
  }
  // What was cut inside a character begins with its last bytes.
  std::size_t begin = 0;
  while (begin < bytes.size() && U8_IS_TRAIL(static_cast<std::uint8_t>(bytes[begin]))) ++begin;
  return bytes.substr(begin);
}

}  // namespace ip2p
