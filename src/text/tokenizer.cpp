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
std::string with_spaces(std::string words) {
  for (std::size_t at = words.find(end_of_word); at != std::string::npos;
       at = words.find(end_of_word, at + 1))
    words.replace(at, end_of_word.size(), " ");
  return words;
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
      spelled_.emplace_back(processor_.IdToPiece(static_cast<int>(id)), static_cast<int>(id));
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
  /// The first place where a token is spelled out in a text.
  struct Spelled {
    std::size_t at;
    std::size_t length;
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

  [[nodiscard]] Spelled first_spelled(std::string_view instruction) const {
    Spelled first{.at = instruction.size(), .length = 0, .id = 0};
    for (const auto& [piece, id] : spelled_)
      if (const std::size_t at = instruction.find(piece);
          at < first.at || (at == first.at && piece.size() > first.length))
        first = {.at = at, .length = piece.size(), .id = id};
    return first;
  }

  /// Tokens that are spelled out count as themselves; what lies between goes through the front end.
  [[nodiscard]] Ids clip_ids(std::string_view instruction) const {
    Ids ids;
    while (!instruction.empty()) {
      const Spelled spelled = first_spelled(instruction);
      const Ids before = pieces_of(clip_words(instruction.substr(0, spelled.at)));
      ids.insert(ids.end(), before.begin(), before.end());
      if (spelled.length > 0) ids.push_back(spelled.id);
      instruction.remove_prefix(spelled.at + spelled.length);
    }
    return ids;
  }

  [[nodiscard]] std::string readable(const Ids& ids) const {
    std::string words;
    for (const int id : ids) words += processor_.IdToPiece(id);
    words = with_spaces(std::move(words));
    return trimmed(spec_.front_end == FrontEnd::clip ? readable_words(words) : words);
  }

  TokenizerSpec spec_;
  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::pair<std::string, int>> spelled_;  // CLIP only: start, end, padding
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
