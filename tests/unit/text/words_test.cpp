// words_test.cpp - CLIP's front end on cases with known answers; tests/matched has the hundred
// thousand others.
#include "ip2p/text/words.h"

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

std::string readable(std::string_view instruction) {
  return readable_words(clip_words(instruction));
}

TEST(Words, AreLowerCaseAndApart) {
  EXPECT_EQ(clip_words("Make it  SNOW!"), "make it snow !");
  EXPECT_EQ(clip_words("\t 12 a1b\n"), "1 2 a 1 b");
  EXPECT_EQ(clip_words("a--!b"), "a --! b");
  EXPECT_EQ(clip_words(""), "");
  EXPECT_EQ(clip_words(" \n\u3000\u00a0"), "");
}

TEST(Words, EndingsAfterAnApostropheAreWords) {
  EXPECT_EQ(clip_words("it's DON'T we'll I'd they've you're I'm"),
            "it 's don 't we 'll i 'd they 've you 're i 'm");
  EXPECT_EQ(clip_words("'stop"), "'s top");
  EXPECT_EQ(clip_words("!'s"), "!' s");  // the run of signs takes the apostrophe
}

TEST(Words, BytesAreWrittenAsCharacters) {
  EXPECT_EQ(clip_words("\u00e9"), "\u00c3\u00a9");        // C3 A9, both printable in Latin-1
  EXPECT_EQ(clip_words("\u6c34"), "\u00e6\u00b0\u00b4");  // E6 B0 B4
  EXPECT_EQ(clip_words(std::string_view("\0", 1)), "\u0100");
  EXPECT_EQ(clip_words("\x7f"), "\u0121");
  EXPECT_EQ(clip_words("\u00ad"), "\u00c2\u0143");  // AD is the last of those that are numbered
}

TEST(Words, AreComposedAndLowerCaseCharacterByCharacter) {
  EXPECT_EQ(readable("e\u0301"), "\u00e9");
  EXPECT_EQ(readable("\u039f\u0394\u039f\u03a3"), "\u03bf\u03b4\u03bf\u03c3");  // no final sigma
  EXPECT_EQ(readable("\u0130"), "i \u0307");
  EXPECT_EQ(readable("\u1e9e"), "\u00df");
  EXPECT_EQ(readable("a\u0345B"), "a \u0345 b");  // a mark is no letter
}

TEST(Words, CharactersNewerThanTheReferencesTablesAreAsThere) {
  EXPECT_EQ(readable("\U00011935\U00011930"), "\U00011935\U00011930");  // would be U+11938 since 13
  EXPECT_EQ(readable("\U00010d50x"), "\U00010d70x");                    // a letter since 16
  EXPECT_EQ(readable("\U00010d40x"), "\U00010d40 x");                   // a number since 16
  EXPECT_EQ(readable("\U00016ea0!"),
            "\U00016ebb!");  // a letter since 17: lower case, but no letter
}

TEST(Words, ATokenSpelledInOtherCaseEndsThere) {
  EXPECT_EQ(clip_words("<|EndOfText|>!!"), "<| endoftext |> !!");
  EXPECT_EQ(clip_words("<|endoftex|>!!"), "<| endoftex |>!!");
  EXPECT_EQ(clip_words("!<|STARTOFTEXT|>!"), "!<| startoftext |>!");
  EXPECT_EQ(clip_words("<|ENDOFTEXT|>"), "<| endoftext |>");
}

TEST(Words, ComeBackReadable) {
  EXPECT_EQ(readable("Caf\u00e9 \u6c34 \U0001f600"), "caf\u00e9 \u6c34 \U0001f600");
  EXPECT_EQ(readable_words("\u00b0\u00b4 a"), " a");  // a character without its first byte
  EXPECT_EQ(readable_words("\u0500"), " ");           // none of CLIP's characters
}

TEST(Words, WhatIsNotUtf8IsRefused) {
  expect_error(Exit::usage, [] { clip_words("snow \xff"); }, "not UTF-8", "byte 6", "0xff");
  for (const std::string_view bad : {"\xc3", "\xc3(", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf",
                                     "\xf4\x90\x80\x80", "\x80", "\xf0\x9f\x98"})
    expect_error(Exit::usage, [&] { check_utf8(bad); }, "not UTF-8", "byte 1 ");
  EXPECT_NO_THROW(check_utf8("\U0010ffff\u0800"));
}

TEST(Words, AHugeInstructionIsRefused) {
  expect_error(Exit::usage, [] { clip_words(std::string((1U << 20U) + 1, 'a')); }, "bytes long");
}

}  // namespace
}  // namespace ip2p
