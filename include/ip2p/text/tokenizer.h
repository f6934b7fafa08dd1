// tokenizer.h - an instruction as the token ids that a bundle's text encoder was trained on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ip2p/base/files.h"

namespace ip2p {

/// How text becomes words before SentencePiece sees it.
enum class FrontEnd {
  clip,   ///< CLIP's cleaning, splitting and byte characters (words.h)
  plain,  ///< as it is
};

/// Names as they stand in a bundle; a value's index is its enumerator.
inline constexpr std::array<std::string_view, 2> front_end_names{"clip", "plain"};

/// What a bundle says about its tokens.
struct TokenizerSpec {
  std::int64_t length = 0;  ///< tokens a text encoder takes, with start and end
  std::int64_t start = 0;   ///< token id
  std::int64_t end = 0;     ///< token id
  std::int64_t pad = 0;     ///< token id that fills up to `length`
  FrontEnd front_end = FrontEnd::clip;
};

/// One encoded text.
struct Tokens {
  std::vector<std::int64_t> ids;  ///< exactly `length`
  std::string dropped;            ///< the tail that did not fit, for people; empty if all did
};

/// A SentencePiece model whose piece ids are token ids. Encoding is const and thread-safe.
class Tokenizer {
 public:
  /// Error{model} when the bytes are cut short or no SentencePiece model, or when an id of the
  /// specification is not in it. `name` is what the error calls them.
  Tokenizer(ByteSpan model, const TokenizerSpec& spec, const std::string& name = "tokenizer.model");
  /// The same from a file. Error{model} also when it cannot be read.
  Tokenizer(const fs::path& model, const TokenizerSpec& spec);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// start, the text's ids as far as they fit, end, padding. As transformers' CLIPTokenizer does,
  /// "<|startoftext|>" and the like inside the text count as those tokens. Error{usage} when `text`
  /// is not UTF-8.
  [[nodiscard]] Tokens encode(std::string_view text) const;

 private:
  class Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace ip2p
