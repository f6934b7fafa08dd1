// exif_test.cpp - what stays of an EXIF block, and the record in it.
#include "ip2p/image/exif.h"

#include <gtest/gtest.h>

#include "ip2p/image/ifd.h"

#include "support/expected_warnings.h"

namespace ip2p {
namespace {

using namespace std::string_view_literals;

Bytes bytes_of(std::string_view words) {
  return {words.begin(), words.end()};
}

IfdEntry short_tag(std::uint16_t tag, std::uint8_t value) {
  return {tag, 3, 1, {value, 0}};
}

Bytes block_of(Ifd main, Ifd exif = {}) {
  IfdTree tree;
  tree.main = std::move(main);
  tree.exif = std::move(exif);
  return exif_block(tree);
}

TEST(CleanExif, SaysOrientationAndResetsIt) {
  const CleanExif clean = clean_exif(block_of({short_tag(0x0112, 6)}), "it");
  EXPECT_EQ(clean.orientation, 6);
  EXPECT_EQ(ifds_of(clean.block).main.at(0).value, (Bytes{1, 0}));
}

TEST(CleanExif, TakesNoOrientationThatIsNone) {
  EXPECT_EQ(clean_exif(block_of({short_tag(0x0112, 0)}), "it").orientation, 1);
  EXPECT_EQ(clean_exif(block_of({short_tag(0x0112, 9)}), "it").orientation, 1);
  EXPECT_EQ(clean_exif(block_of({{0x0112, 2, 2, {'6', 0}}}), "it").orientation, 1);
}

TEST(CleanExif, OfNothingIsNothing) {
  const CleanExif clean = clean_exif({}, "it");
  EXPECT_TRUE(clean.block.empty());
  EXPECT_EQ(clean.orientation, 1);
}

TEST(CleanExif, SaysSrgb) {
  const CleanExif clean = clean_exif(block_of({}, {short_tag(0xA001, 2)}), "it");
  EXPECT_EQ(ifds_of(clean.block).exif.at(0).value, (Bytes{1, 0}));
}

TEST(CleanExif, KeepsTagsThatNobodyKnows) {
  const CleanExif clean = clean_exif(block_of({short_tag(0xEEEE, 9)}), "it");
  EXPECT_EQ(ifds_of(clean.block).main.at(0).tag, 0xEEEE);
}

TEST(CleanExif, NamesAPictureWithADamagedBlock) {
  const test::ExpectedWarnings warnings;
  clean_exif(bytes_of("this is no EXIF block at all"), "\"a.jpg\"");
  ASSERT_EQ(warnings.sentences().size(), 1U);
  EXPECT_NE(warnings.sentences()[0].find("\"a.jpg\""), std::string::npos);
}

Image with_block(Bytes block, int width = 3) {
  return {.width = width, .height = 2, .rgb = {}, .alpha = {}, .exif = std::move(block)};
}

TEST(OutputExif, LeavesTheInputsOwnWordsAndPutsTheRecordBesideThem) {
  const std::string record = R"({"a": 1})";
  const Bytes words = bytes_of("ASCII\0\0\0my own words"sv);
  const Bytes title = bytes_of("a title\0"sv);
  const IfdEntry comment{0x9286, 7, static_cast<std::uint32_t>(words.size()), words};
  const IfdEntry description{0x010E, 2, static_cast<std::uint32_t>(title.size()), title};

  const Bytes beside =
      output_exif(with_block(block_of({}, {comment})), record, RecordPlace::user_comment);
  EXPECT_EQ(exif_record(beside), record);
  EXPECT_EQ(ifds_of(beside).exif.at(0).value, words);
  const Bytes below =
      output_exif(with_block(block_of({description})), record, RecordPlace::image_description);
  EXPECT_EQ(exif_record(below), record);
  EXPECT_EQ(ifds_of(below).main.at(0).value, title);

  const test::ExpectedWarnings warnings;
  const Bytes both = output_exif(with_block(block_of({description}, {comment})), record,
                                 RecordPlace::user_comment);
  EXPECT_EQ(exif_record(both), record);
  EXPECT_EQ(ifds_of(both).main.at(0).value, title);
  EXPECT_EQ(warnings.sentences().size(), 1U);
}

TEST(OutputExif, ABlankCommentIsNoWords) {
  const Bytes blank = bytes_of("ASCII\0\0\0      \0\0"sv);
  const Bytes block = block_of({}, {{0x9286, 7, static_cast<std::uint32_t>(blank.size()), blank}});
  const Bytes out = output_exif(with_block(block), R"({"a": 1})", RecordPlace::user_comment);
  EXPECT_EQ(ifds_of(out).exif.size(), 1U);
  EXPECT_EQ(exif_record(out), R"({"a": 1})");
}

TEST(OutputExif, HoldsTheRecordInEitherPlace) {
  const std::string record = R"({"instruction": "make it snow"})";
  for (const auto place : {RecordPlace::user_comment, RecordPlace::image_description}) {
    EXPECT_EQ(exif_record(output_exif(with_block({}), record, place)), record);
    EXPECT_EQ(exif_record(output_exif(with_block(block_of({short_tag(0x0112, 1)})), record, place)),
              record);
  }
}

TEST(OutputExif, WithoutARecordIsWhatItWas) {
  EXPECT_TRUE(output_exif(with_block({}), "", RecordPlace::user_comment).empty());
  const Bytes block = clean_exif(block_of({short_tag(0x0112, 1)}), "it").block;
  EXPECT_EQ(output_exif(with_block(block), "", RecordPlace::user_comment), block);
}

TEST(OutputExif, WritesLettersBeyondAsciiAsJsonDoes) {
  const Bytes block = output_exif(with_block({}), R"({"a": "é雪"})", RecordPlace::user_comment);
  EXPECT_EQ(exif_record(block), R"({"a":"\u00e9\u96ea"})");
}

TEST(OutputExif, UpdatesTheSizesThatAreThere) {
  const Bytes block = output_exif(with_block(block_of({}, {{0xA002, 4, 1, {9, 9, 9, 9}}}), 258), "",
                                  RecordPlace::elsewhere);
  const Ifd exif = ifds_of(block).exif;
  ASSERT_EQ(exif.size(), 1U);
  EXPECT_EQ(exif[0].value, (Bytes{2, 1, 0, 0}));
}

TEST(CleanExif, DropsTheRecordOfAnEarlierEditAndNobodyElsesWords) {
  const Bytes ours = output_exif(with_block({}), R"({"a": 1})", RecordPlace::user_comment);
  EXPECT_TRUE(exif_record(clean_exif(ours, "it").block).empty());
  EXPECT_TRUE(clean_exif(ours, "it").block.empty());

  const Bytes words = bytes_of("ASCII\0\0\0ip2p is nice"sv);
  const Bytes theirs = block_of({}, {{0x9286, 7, static_cast<std::uint32_t>(words.size()), words}});
  EXPECT_FALSE(clean_exif(theirs, "it").block.empty());
}

}  // namespace
}  // namespace ip2p
