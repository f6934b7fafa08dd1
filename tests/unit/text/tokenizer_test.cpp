// tokenizer_test.cpp - fixed length, spelled tokens and damaged models, on a vocabulary of 60
// pieces.
#include "ip2p/text/tokenizer.h"

#include <array>
#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using testing::ElementsAre;

// --- a SentencePiece model, written field by field (sentencepiece_model.proto) ---

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(0x80U | (value & 0x7FU));
  out += static_cast<char>(value);
}

void append_number(unsigned field, std::uint64_t value, std::string& out) {
  append_varint(field << 3U, out);
  append_varint(value, out);
}

void append_bytes(unsigned field, const std::string& bytes, std::string& out) {
  append_varint(field << 3U | 2U, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

enum PieceType : std::uint8_t { normal = 1, unknown = 2, control = 3 };

void append_piece(const std::string& piece, float score, PieceType type, std::string& model) {
  std::string out;
  append_bytes(1, piece, out);
  out += '\x15';  // field 2, 32 bits
  std::array<char, sizeof score> bits{};
  std::memcpy(bits.data(), &score, sizeof score);
  out.append(bits.data(), bits.size());
  append_number(3, type, out);
  append_bytes(1, out, model);
}

// 0-25 letters, 26-51 letters at the end of a word, then:
constexpr int ab = 52, ab_end = 53, mark = 54, mark_end = 55, less = 56, start = 57, end = 58,
              unk = 59;

Bytes small_clip() {
  std::string model;
  const std::string space = "\u2581";
  for (char letter = 'a'; letter <= 'z'; ++letter) append_piece({letter}, -99, normal, model);
  for (char letter = 'a'; letter <= 'z'; ++letter) append_piece(letter + space, 1, normal, model);
  append_piece("ab", 0, normal, model);
  append_piece("ab" + space, -1, normal, model);
  append_piece("!", -99, normal, model);
  append_piece("!" + space, 1, normal, model);
  append_piece("<", -99, normal, model);
  append_piece("<|startoftext|>", 0, control, model);
  append_piece("<|endoftext|>", 0, control, model);
  append_piece("<unk>", 0, unknown, model);

  std::string trainer;
  append_number(3, 2, trainer);   // model_type BPE
  append_number(24, 1, trainer);  // treat_whitespace_as_suffix
  append_number(40, unk, trainer);
  append_number(41, start, trainer);
  append_number(42, end, trainer);
  append_bytes(2, trainer, model);

  std::string normalizer;
  append_bytes(1, "identity", normalizer);
  append_number(3, 1, normalizer);  // add_dummy_prefix
  append_number(4, 0, normalizer);  // remove_extra_whitespaces
  append_number(5, 1, normalizer);  // escape_whitespaces
  append_bytes(3, normalizer, model);
  return {model.begin(), model.end()};
}

constexpr TokenizerSpec six{.length = 6, .start = start, .end = end, .pad = end};

Tokenizer tokenizer(const TokenizerSpec& spec = six) {
  return {small_clip(), spec};
}

TEST(Tokenizer, FillsUpToTheLength) {
  EXPECT_THAT(tokenizer().encode("").ids, ElementsAre(start, end, end, end, end, end));
  EXPECT_THAT(tokenizer().encode("AB abz").ids, ElementsAre(start, ab_end, ab, 26 + 25, end, end));
  TokenizerSpec spec = six;
  spec.pad = mark;
  EXPECT_THAT(tokenizer(spec).encode("a").ids, ElementsAre(start, 26, end, mark, mark, mark));
}

TEST(Tokenizer, SaysWhatDidNotFit) {
  const Tokenizer four = tokenizer({.length = 4, .start = start, .end = end, .pad = end});
  EXPECT_EQ(four.encode("ab ab").dropped, "");
  const Tokens cut = four.encode("ab a ZAB! ab");
  EXPECT_THAT(cut.ids, ElementsAre(start, ab_end, 26, end));
  EXPECT_EQ(cut.dropped, "zab ! ab");
  EXPECT_EQ(tokenizer({.length = 2, .start = start, .end = end, .pad = end}).encode("ab").dropped,
            "ab");
}

TEST(Tokenizer, KnowsTokensThatAreSpelledOut) {
  EXPECT_THAT(tokenizer().encode("a<|endoftext|>b<|startoftext|>").ids,
              ElementsAre(start, 26, end, 27, start, end));
  EXPECT_THAT(tokenizer().encode("a!!").ids, ElementsAre(start, 26, mark, mark_end, end, end));
  TokenizerSpec spec = six;
  spec.pad = mark;  // now "!" is a token of its own wherever it stands
  EXPECT_THAT(tokenizer(spec).encode("a!!").ids, ElementsAre(start, 26, mark, mark, end, mark));
}

TEST(Tokenizer, OfTwoSpelledTokensTheLongerCounts) {
  TokenizerSpec spec = six;
  spec.pad = less;
  EXPECT_THAT(tokenizer(spec).encode("<|endoftext|><").ids,
              ElementsAre(start, end, less, end, less, less));
}

TEST(Tokenizer, PlainTextGoesThroughAsItIs) {
  TokenizerSpec spec = six;
  spec.front_end = FrontEnd::plain;
  EXPECT_THAT(tokenizer(spec).encode("a ab").ids, ElementsAre(start, 26, ab_end, end, end, end));
  EXPECT_EQ(tokenizer(spec).encode("A").ids[1], unk);  // not made lower case, so unknown
  EXPECT_EQ(tokenizer(spec).encode("a b c d e f").dropped, "e f");
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  for (const FrontEnd front_end : {FrontEnd::clip, FrontEnd::plain}) {
    TokenizerSpec spec = six;
    spec.front_end = front_end;
    expect_error(
        Exit::usage, [&] { return tokenizer(spec).encode("a\xff"); }, "not UTF-8", "byte 2");
  }
}

TEST(Tokenizer, ADamagedModelIsRefused) {
  const Bytes model = small_clip();
  expect_error(Exit::model, [] { Tokenizer({}, six, "x.model"); }, "x.model", "SentencePiece");
  const Bytes noise(1000, 0xA5);
  expect_error(Exit::model, [&] { Tokenizer(noise, six); }, "tokenizer.model", "1000 bytes");

  // However much is missing, other ids never come out.
  const std::vector<std::int64_t> expected = tokenizer().encode("ab a!").ids;
  std::size_t refused = 0;
  for (std::size_t length = 0; length < model.size(); ++length) {
    try {
      EXPECT_EQ(Tokenizer(ByteSpan(model).first(length), six).encode("ab a!").ids, expected);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit(), Exit::model) << error.what();
      ++refused;
    }
  }
  EXPECT_GE(refused, model.size() - 1);  // only the normalizer's settings, which are the defaults
}

TEST(Tokenizer, AModelOfAnotherBundleIsRefused) {
  TokenizerSpec spec = six;
  spec.start = 49406;
  expect_error(Exit::model, [&] { tokenizer(spec); }, "start token is 49406", "60 pieces");
  spec = six;
  spec.pad = -1;
  expect_error(Exit::model, [&] { tokenizer(spec); }, "padding token is -1");
  spec = six;
  spec.length = 1;
  expect_error(Exit::model, [&] { tokenizer(spec); }, "at least 2 tokens, got 1");
}

TEST(Tokenizer, ReadsAFile) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "tokenizer.model";
  expect_error(Exit::model, [&] { Tokenizer(path, six); }, path.string(), "No such file");
  write_atomically(path, small_clip(), Existing::keep);
  EXPECT_EQ(Tokenizer(path, six).encode("ab").ids[1], ab_end);
}

TEST(Tokenizer, EncodesInSeveralThreads) {
  const Tokenizer shared = tokenizer();
  const std::vector<std::int64_t> expected = shared.encode("ab a z").ids;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) EXPECT_EQ(shared.encode("ab a z").ids, expected);
    });
}

}  // namespace
}  // namespace ip2p
