// options_test.cpp - everything that follows from one `visit`.
#include "ip2p/base/options.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using Json = nlohmann::ordered_json;

struct Sample {
  std::int64_t steps = 100;
  std::optional<double> cfg_text;
  std::uint64_t seed = 0;
  std::string size_mode = "pad";
  std::optional<std::string> note;
  bool overwrite = false;

  template <class Self, class Field>
  static void visit(Self& self, Field&& field) {
    field("steps", self.steps, "denoising steps", Range{1, 1000});
    field("cfg-text", self.cfg_text, "s_T", Range{0.0, 50.0});
    field("seed", self.seed, "noise seed");
    field("size-mode", self.size_mode, "how sizes are met", Choices{"pad", "crop"});
    field("note", self.note, "anything");
    field("overwrite", self.overwrite, "replace what is there");
  }
};

Sample from(const char* json) {
  Sample sample;
  options_from_json(Json::parse(json), sample);
  return sample;
}

TEST(Options, WriteEveryGivenOptionInOrder) {
  Sample sample;
  EXPECT_EQ(options_to_json(sample).dump(),
            R"({"steps":100,"seed":0,"size_mode":"pad","overwrite":false})");
  sample.cfg_text = 7.5;
  sample.note = "a";
  EXPECT_EQ(
      options_to_json(sample).dump(),
      R"({"steps":100,"cfg_text":7.5,"seed":0,"size_mode":"pad","note":"a","overwrite":false})");
}

TEST(Options, ComeBackFromJson) {
  Sample sample;
  sample.steps = 7;
  sample.cfg_text = 0.1;
  sample.seed = std::numeric_limits<std::uint64_t>::max();
  sample.size_mode = "crop";
  sample.note = "caf\u00e9";
  sample.overwrite = true;
  const Json json = options_to_json(sample);
  EXPECT_EQ(options_to_json(from(json.dump().c_str())), json);
}

TEST(Options, KeepWhatJsonDoesNotName) {
  const Sample sample = from(R"({"cfg_text": 3})");
  EXPECT_EQ(sample.cfg_text, 3.0);
  EXPECT_EQ(sample.steps, 100);
  EXPECT_FALSE(sample.note.has_value());
}

TEST(Options, RefuseKeysThatAreNone) {
  expect_error(
      Exit::usage, [] { from(R"({"cfg-text": 3})"); },
      R"(unknown option "cfg-text"; known: steps, cfg_text, seed, size_mode, note, overwrite)");
}

TEST(Options, RefuseOtherTypes) {
  expect_error(
      Exit::usage, [] { from(R"({"steps": 1.5})"); }, "steps: expected a whole number, got 1.5");
  expect_error(Exit::usage, [] { from(R"({"steps": "7"})"); }, "steps", R"("7")");
  expect_error(Exit::usage, [] { from(R"({"steps": true})"); }, "steps", "true");
  expect_error(
      Exit::usage, [] { from(R"({"steps": 9223372036854775808})"); },
      "steps: expected a number below 2^63");
  expect_error(
      Exit::usage, [] { from(R"({"seed": -1})"); }, "seed: expected a whole number from 0, got -1");
  expect_error(Exit::usage, [] { from(R"({"cfg_text": null})"); }, "cfg_text: expected a number");
  expect_error(Exit::usage, [] { from(R"({"size_mode": 3})"); }, "size_mode: expected a string");
  expect_error(Exit::usage, [] { from(R"({"overwrite": 1})"); }, "overwrite: expected true or");
  expect_error(Exit::usage, [] { from("[]"); }, "expected an object, got []");
}

TEST(Options, RefuseWhatIsOutOfRangeAndThenSetNothing) {
  Sample sample;
  expect_error(
      Exit::usage,
      [&] { options_from_json(Json::parse(R"({"cfg_text": 3, "steps": 1001})"), sample); },
      "--steps: expected a whole number from 1 to 1000, got 1001");
  EXPECT_FALSE(sample.cfg_text.has_value());
  expect_error(
      Exit::usage, [] { from(R"({"size_mode": "fit"})"); },
      R"(--size-mode: expected one of pad, crop, got "fit")");
}

TEST(Options, TheEndsOfARangeAreAllowed) {
  Sample sample;
  for (const std::int64_t steps : {1, 1000}) {
    sample.steps = steps;
    EXPECT_NO_THROW(validate(sample));
  }
  for (const std::int64_t steps :
       {std::int64_t{0}, std::int64_t{1001}, std::numeric_limits<std::int64_t>::min()}) {
    sample.steps = steps;
    expect_error(Exit::usage, [&] { validate(sample); }, "--steps");
  }
}

TEST(Options, TheEndsOfAFractionalRangeToo) {
  Sample sample;
  for (const double scale : {0.0, 50.0}) {
    sample.cfg_text = scale;
    EXPECT_NO_THROW(validate(sample));
  }
  for (const double scale : {-1e-9, 50.000001}) {
    sample.cfg_text = scale;
    expect_error(
        Exit::usage, [&] { validate(sample); }, "--cfg-text: expected a number from 0 to 50, got ");
  }
}

TEST(Options, NumbersThatAreNotFiniteAreRefused) {
  Sample sample;
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
    sample.cfg_text = value;
    expect_error(
        Exit::usage, [&] { validate(sample); }, "--cfg-text: expected a number from 0 to 50, got ");
  }
}

TEST(Range, ComparesUnlikeIntegersByValue) {
  EXPECT_FALSE((Range{-1, 1}.allows(std::numeric_limits<std::uint64_t>::max())));
  EXPECT_TRUE((Range{std::uint64_t{0}, std::uint64_t{5}}.allows(std::int64_t{5})));
  EXPECT_FALSE((Range{std::uint64_t{0}, std::uint64_t{5}}.allows(std::int64_t{-1})));
}

}  // namespace
}  // namespace ip2p
