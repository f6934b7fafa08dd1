// output_name.cpp - names from templates, and the check that an output stays below its folder.
#include "ip2p/batch/output_name.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

constexpr std::size_t longest_words_bytes = 60;

/// What stands between words in scripts other than Latin, and what turns the direction of a name
/// around. Of other characters beyond ASCII all are letters here.
bool is_letter_beyond_ascii(std::uint32_t character) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> others{{
      {0x80, 0xbf},
      {0xd7, 0xd7},
      {0xf7, 0xf7},
      {0x2000, 0x206f},
      {0x3000, 0x3003},
      {0x3008, 0x3020},
      {0xfeff, 0xfeff},
      {0xff01, 0xff0f},
  }};
  return std::ranges::none_of(others, [character](const auto& range) {
    return range.first <= character && character <= range.second;
  });
}

/// Takes the first character off `rest`, which is UTF-8 (check_instruction) and not empty.
std::pair<std::string_view, bool> take_character(std::string_view& rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  std::size_t length = first < 0xc0U ? 1 : first < 0xe0U ? 2 : first < 0xf0U ? 3 : 4;
  length = std::min(length, rest.size());
  std::uint32_t character = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    character = (character << 6U) | (static_cast<unsigned char>(rest[i]) & 0x3fU);
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(length);
  const bool is_ascii = character < 0x80U;
  const bool is_word = is_ascii ? (character >= '0' && character <= '9') ||
                                      (character >= 'A' && character <= 'Z') ||
                                      (character >= 'a' && character <= 'z')
                                : is_letter_beyond_ascii(character);
  return {taken, is_word};
}

std::string words_of(std::string_view instruction) {
  std::string words;
  bool is_apart = false;
  while (!instruction.empty()) {
    const auto [character, is_word] = take_character(instruction);
    if (is_word) {
      const bool needs_dash = is_apart && !words.empty();
      if (words.size() + (needs_dash ? 1 : 0) + character.size() > longest_words_bytes) break;
      if (needs_dash) words += '-';
      words += character;
    }
    is_apart = !is_word;
  }
  return words;
}

/// The extension of an id, without its dot.
std::string extension_of(const fs::path& id) {
  const std::string dotted = id.extension().string();
  return dotted.empty() ? "" : dotted.substr(1);
}

/// The folder of an id, as one below another folder: what leads up from there is left out.
fs::path folder_of(const fs::path& id) {
  fs::path folder;
  for (const fs::path& part : id.relative_path().parent_path())
    if (part != ".." && part != ".") folder /= part;
  return folder;
}

using Value = std::string (*)(const BatchItem& item, std::uint64_t seed);

struct Field {
  std::string_view name;
  Value value;
};

constexpr std::array fields{
    // of an absolute path too the part below the root: outputs mirror it below their folder
    Field{"dir", [](const BatchItem& item, std::uint64_t) { return folder_of(item.id).string(); }},
    Field{"parent",
          [](const BatchItem& item, std::uint64_t) {
            std::error_code ignored;
            return fs::absolute(item.input, ignored)
                .lexically_normal()
                .parent_path()
                .filename()
                .string();
          }},
    Field{"stem",
          [](const BatchItem& item, std::uint64_t) { return fs::path(item.id).stem().string(); }},
    Field{"ext", [](const BatchItem& item, std::uint64_t) { return extension_of(item.id); }},
    Field{"name", [](const BatchItem& item,
                     std::uint64_t) { return fs::path(item.id).filename().string(); }},
    Field{"seed", [](const BatchItem&, std::uint64_t seed) { return std::to_string(seed); }},
    Field{"edit", [](const BatchItem& item, std::uint64_t) { return std::to_string(item.edit); }},
    Field{"words", [](const BatchItem& item, std::uint64_t) { return words_of(item.instruction); }},
    Field{"variation",
          [](const BatchItem& item, std::uint64_t) { return std::to_string(item.variation); }},
    Field{"line", [](const BatchItem& item, std::uint64_t) { return std::to_string(item.line); }},
};

const Field& field_of(const std::string& pattern, std::string_view name) {
  const auto* const found = std::ranges::find(fields, name, &Field::name);
  if (found != fields.end()) return *found;
  std::string known;
  for (const Field& field : fields)
    known += (known.empty() ? "{" : ", {") + std::string(field.name) + "}";
  throw Error(Exit::usage, text("the template \"", pattern, "\" has an unknown field {", name,
                                "}; known: ", known));
}

[[noreturn]] void throw_unpaired(const std::string& pattern, char brace) {
  throw Error(Exit::usage, text("the template \"", pattern, "\" has an unpaired ", brace,
                                "; write ", brace, brace, " for a brace that is no field's"));
}

[[noreturn]] void throw_outside(const fs::path& relative, const std::string& fault) {
  throw Error(Exit::usage,
              text("the output ", relative, ' ', fault,
                   ", so it would not be below the output folder; name another output or "
                   "template, or give --allow-outside"));
}

/// Any link on the way counts, wherever it leads: it may lead elsewhere when the output is written.
void check_no_links(const fs::path& folder, const fs::path& relative) {
  fs::path way = folder;
  for (const fs::path& part : relative.parent_path()) {
    way /= part;
    std::error_code failed;
    const fs::file_status status = fs::symlink_status(way, failed);
    if (status.type() == fs::file_type::not_found) return;
    if (status.type() == fs::file_type::none)
      throw Error(Exit::file, text("cannot look at ", way, ": ", failed.message()));
    if (fs::is_symlink(status)) throw_outside(relative, text("goes through the link ", way));
  }
}

}  // namespace

OutputTemplate::OutputTemplate(const std::string& pattern) {
  if (pattern.empty()) throw Error(Exit::usage, "the template is empty; give a name with fields");
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) pieces_.push_back({.field = false, .words = std::exchange(literal, {})});
  };
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char character = pattern[at];
    const bool is_brace = character == '{' || character == '}';
    if (is_brace && at + 1 < pattern.size() && pattern[at + 1] == character) {
      literal += character;
      ++at;
    } else if (!is_brace) {
      literal += character;
    } else {
      const std::size_t end = pattern.find_first_of("{}", at + 1);
      if (character == '}' || end == std::string::npos || pattern[end] == '{')
        throw_unpaired(pattern, character);
      const std::string name = pattern.substr(at + 1, end - at - 1);
      (void)field_of(pattern, name);
      end_literal();
      pieces_.push_back({.field = true, .words = name});
      at = end;
    }
  }
  end_literal();
}

fs::path OutputTemplate::path(const BatchItem& item, std::uint64_t seed) const {
  std::string name;
  bool begins_with_field = false;
  for (const Piece& piece : pieces_) {
    std::string_view words = piece.words;
    std::string value;
    if (piece.field) {
      value = field_of("", piece.words).value(item, seed);
      words = value;
    }
    // "{dir}/" at the top is no absolute path; a template that begins with "/" is one.
    if (name.empty() && begins_with_field)
      words.remove_prefix(std::min(words.find_first_not_of('/'), words.size()));
    begins_with_field = begins_with_field || piece.field;
    name += words;
  }
  return fs::path(name).lexically_normal();
}

std::string standard_template(std::size_t instructions, std::int64_t count) {
  return text("{dir}/{stem}", instructions > 1 ? "_{edit}" : "", count > 1 ? "_{seed}" : "");
}

fs::path output_below(const fs::path& folder, const fs::path& relative, bool allow_outside) {
  const fs::path normal = relative.lexically_normal();
  if (!normal.has_filename() || normal.filename() == "." || normal.filename() == "..")
    throw Error(Exit::usage, text("the output ", relative, " names no file; name one"));
  if (allow_outside) return folder / normal;
  if (normal.is_absolute()) throw_outside(relative, "is an absolute path");
  if (*normal.begin() == "..") throw_outside(relative, "leaves its folder by \"..\"");
  check_no_links(folder, normal);
  return folder / normal;
}

}  // namespace ip2p
