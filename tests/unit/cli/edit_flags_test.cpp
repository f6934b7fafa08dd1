// edit_flags_test.cpp - words of a command line as the struct that the command runs on.
#include "edit_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p::cli {
namespace {

using test::expect_error;

/// The flags after `ip2p edit` was given these words.
EditFlags parsed(std::vector<std::string> words) {
  CLI::App app("", "edit");
  EditFlags flags;
  declare_edit_flags(app, flags);
  std::ranges::reverse(words);
  app.parse(words);
  refuse_repeated_edit_flags(app);
  return flags;
}

TEST(EditFlags, WhatIsNotGivenIsNotThere) {
  const EditFlags flags = parsed({});
  EXPECT_FALSE(flags.input || flags.instruction || flags.output || flags.from || flags.model);
  EXPECT_FALSE(flags.device || flags.dtype || flags.format);
  EXPECT_EQ(options_to_json(flags.options).dump(), "{}");
  EXPECT_EQ(flags.count, 1);
  EXPECT_EQ(flags.max_megapixels, 100);
}

TEST(EditFlags, AnEmptyWordIsAWord) {
  const EditFlags flags = parsed({"", "", "-o", "", "--model", "", "--sampler", ""});
  for (const auto& given : {flags.input, flags.instruction, flags.output, flags.model})
    EXPECT_EQ(given, "");
  EXPECT_EQ(flags.options.sampler, "");
}

TEST(EditFlags, PositionalsAndTheOriginalsSpellingsAreTheSame) {
  const EditFlags ours = parsed({"in.png", "[snow, rain]", "-o", "out.png"});
  const EditFlags theirs =
      parsed({"--output", "out.png", "--edit", "[snow, rain]", "--input", "in.png"});
  EXPECT_EQ(ours.input, "in.png");
  EXPECT_EQ(ours.instruction, "[snow, rain]");  // brackets are no list
  EXPECT_EQ(ours.output, "out.png");
  EXPECT_EQ(theirs.input, ours.input);
  EXPECT_EQ(theirs.instruction, ours.instruction);
  EXPECT_EQ(theirs.output, ours.output);
}

TEST(EditFlags, OfAFlagTheLastCountsButThePictureIsGivenOnce) {
  EXPECT_EQ(parsed({"--seed", "3", "--seed", "4"}).options.seed, 4U);
  expect_error(
      Exit::usage, [] { parsed({"a.png", "snow", "--input", "b.png"}); }, "a.png", "b.png",
      "--input");
  expect_error(Exit::usage, [] { parsed({"-o", "a.png", "-o", "b.png"}); }, "--output");
}

TEST(EditFlags, TheLargestSeedIsTaken) {
  EXPECT_EQ(parsed({"--seed", "18446744073709551615"}).options.seed, 18446744073709551615U);
}

TEST(EditFlags, NumbersAreRefusedInOneForm) {
  const auto message = [](const char* flag, const char* word) -> std::string {
    try {
      parsed({flag, word});
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(message("--steps", "abc"), "--steps: expected a whole number from 1 to 1000, got abc");
  EXPECT_EQ(message("--steps", "2000"),
            "--steps: expected a whole number from 1 to 1000, got 2000");
  EXPECT_EQ(message("--steps", ""), "--steps: expected a whole number from 1 to 1000, got \"\"");
  EXPECT_EQ(message("--cfg-text", "nan"), "--cfg-text: expected a number from 0 to 50, got nan");
  EXPECT_EQ(message("--count", "0"), "--count: expected a whole number from 1 to 10000, got 0");
}

}  // namespace
}  // namespace ip2p::cli
