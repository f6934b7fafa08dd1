// tokenizer.cpp - SentencePiece between a front end and the fixed length of a text encoder.
#include "ip2p/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <sentencepiece_processor.h>

#include "ip2p/base/error.h"
#include "ip2p/text/words.h"

namespace ip2p {
namespace {

using Ids = std::vector<int>;

constexpr std::string_view end_of_word = "\u2581";  // SentencePiece's mark for a space

std::string_view characters_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT: bytes are chars
}

void check_spec(const TokenizerSpec& spec, int pieces, const std::string& name) {
  if (spec.length < 2)
    throw Error(Exit::model,
                text(name, ": expected a text length of at least 2 tokens, got ", spec.length));
  const std::array<std::pair<const char*, std::int64_t>, 3> special{
      {{"start", spec.start}, {"end", spec.end}, {"padding", spec.pad}}};
  for (const auto& [role, id] : special)
    if (id < 0 || id >= pieces)
      throw Error(Exit::model, text(name, ": the ", role, " token is ", id, ", but the model has ",
                                    pieces, " pieces; it is cut short or of another bundle"));
}

/// Every end of word as a space.
std::string with_spaces(std::string_view words) {
  std::string out;
  for (std::size_t at = 0; (at = words.find(end_of_word)) != std::string_view::npos;
       words.remove_prefix(at + end_of_word.size()))
    out.append(words.substr(0, at)) += ' ';
  return out.append(words);
}

std::string trimmed(const std::string& words) {
  const std::size_t begin = words.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return words.substr(begin, words.find_last_not_of(' ') + 1 - begin);
}

}  // namespace

/// The model, and what was read out of it once.
class Tokenizer::Parts {
 public:
  Parts(ByteSpan model, const TokenizerSpec& spec, const std::string& name) : spec_(spec) {
    const auto status = processor_.LoadFromSerializedProto(characters_of(model));
    if (!status.ok())
      throw Error(Exit::model, text(name, ": expected a SentencePiece model, got ", model.size(),
                                    " bytes that are none or are cut short"));
    check_spec(spec, processor_.GetPieceSize(), name);
    if (spec.front_end == FrontEnd::plain) return;
    check_clip_pieces(name);
    for (const std::int64_t id : {spec.start, spec.end, spec.pad})
      spelled_.push_back(
          {.piece = processor_.IdToPiece(static_cast<int>(id)), .id = static_cast<int>(id)});
  }

  [[nodiscard]] Tokens encode(std::string_view instruction) const {
    check_utf8(instruction);
    const Ids body =
        spec_.front_end == FrontEnd::clip ? clip_ids(instruction) : pieces_of(instruction);
    const std::size_t room = static_cast<std::size_t>(spec_.length) - 2;  // start and end
    const auto cut = body.begin() + static_cast<std::ptrdiff_t>(std::min(room, body.size()));

    Tokens tokens;
    tokens.ids.push_back(spec_.start);
    tokens.ids.insert(tokens.ids.end(), body.begin(), cut);
    tokens.ids.push_back(spec_.end);
    tokens.ids.resize(static_cast<std::size_t>(spec_.length), spec_.pad);
    tokens.dropped = readable(Ids(cut, body.end()));
    return tokens;
  }

 private:
  /// A token by its text: "<|endoftext|>".
  struct Spelled {
    std::string piece;
    int id;
  };

  /// A model for plain text, or one without its last bytes, would load and give other ids.
  void check_clip_pieces(const std::string& name) const {
    const Ids expected{processor_.PieceToId("a" + std::string(end_of_word))};
    if (pieces_of("a") != expected)
      throw Error(Exit::model, text(name,
                                    ": does not encode the word \"a\" as one token; it is cut"
                                    " short, or the bundle's front end is not \"clip\""));
  }

  [[nodiscard]] Ids pieces_of(std::string_view words) const {
    Ids ids;
    const auto status = processor_.Encode(words, &ids);
    if (!status.ok()) throw Error(Exit::bug, text("SentencePiece: ", status.ToString()));
    return ids;
  }

  /// The longest token that `rest` begins with, or none.
  [[nodiscard]] const Spelled* spelled_first(std::string_view rest) const {
    const Spelled* found = nullptr;
    for (const Spelled& token : spelled_)
      if (rest.starts_with(token.piece) &&
          (found == nullptr || token.piece.size() > found->piece.size()))
        found = &token;
    return found;
  }

  void append_words(std::string_view words, Ids& ids) const {
    const Ids more = pieces_of(clip_words(words));
    ids.insert(ids.end(), more.begin(), more.end());
  }

  /// Tokens that are spelled out count as themselves; what lies between goes through the front end.
  [[nodiscard]] Ids clip_ids(std::string_view instruction) const {
    Ids ids;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < instruction.size();) {
      const Spelled* token = spelled_first(instruction.substr(at));
      if (token == nullptr) {
        ++at;
        continue;
      }
      append_words(instruction.substr(begin, at - begin), ids);
      ids.push_back(token->id);
      begin = at += token->piece.size();
    }
    append_words(instruction.substr(begin), ids);
    return ids;
  }

  [[nodiscard]] std::string readable(const Ids& ids) const {
    std::string words;
    for (const int id : ids) words += processor_.IdToPiece(id);
    words = with_spaces(words);
    return trimmed(spec_.front_end == FrontEnd::clip ? readable_words(words) : words);
  }

  TokenizerSpec spec_;
  sentencepiece::SentencePieceProcessor processor_;
  std::vector<Spelled> spelled_;  // CLIP only: start, end, padding
};

Tokenizer::Tokenizer(ByteSpan model, const TokenizerSpec& spec, const std::string& name)
    : parts_(std::make_unique<const Parts>(model, spec, name)) {}

Tokenizer::Tokenizer(const fs::path& model, const TokenizerSpec& spec) {
  Bytes bytes;
  try {
    constexpr std::uint64_t limit_bytes = 1U << 30U;
    bytes = read_file(model, limit_bytes);
  } catch (const Error& error) {
    throw Error(Exit::model, error.what());
  }
  parts_ = std::make_unique<const Parts>(bytes, spec, text(model));
}

Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokens Tokenizer::encode(std::string_view instruction) const {
  return parts_->encode(instruction);
}

}  // namespace ip2p
