// write_test.cpp - names of formats, their limits, and every format there and back.
#include "ip2p/image/write.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "ip2p/base/error.h"
#include "ip2p/image/read.h"
#include "ip2p/image/record.h"

#include "support/expected_warnings.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

Image gradient(int width, int height, bool has_alpha) {
  Image image;
  image.width = width;
  image.height = height;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 3, y * 5, x + y})
        image.rgb.push_back(static_cast<std::uint8_t>(value & 255));
      if (has_alpha) image.alpha.push_back(static_cast<std::uint8_t>((x * y) & 255));
    }
  return image;
}

/// Grey noise: what no format can make small.
Image noise(int side) {
  Image image{.width = side, .height = side, .rgb = {}, .alpha = {}, .exif = {}};
  std::uint32_t state = 1;
  for (int i = 0; i < side * side; ++i) {
    state = state * 1664525U + 1013904223U;
    image.rgb.insert(image.rgb.end(), 3, static_cast<std::uint8_t>(state >> 24U));
  }
  return image;
}

// libjpeg hands the file over in pieces of 64 KiB; a small picture is one piece.
TEST(EncodeImage, JpegOfManyPiecesComesBack) {
  const Image image = noise(400);
  const Bytes file =
      encode_image(image, {.format = OutputFormat::jpeg, .quality = 100, .record = ""});
  EXPECT_GT(file.size(), 2U * 65536U);
  const Image back = decode_image(file, "noise.jpg");
  ASSERT_EQ(back.rgb.size(), image.rgb.size());
  int worst = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    worst = std::max(worst, std::abs(int{image.rgb[i]} - int{back.rgb[i]}));
  EXPECT_LE(worst, 4);
}

TEST(FormatOf, GoesByExtensionInAnyCase) {
  EXPECT_EQ(format_of("a/b.png"), OutputFormat::png);
  EXPECT_EQ(format_of("b.JPG"), OutputFormat::jpeg);
  EXPECT_EQ(format_of("b.jpeg"), OutputFormat::jpeg);
  EXPECT_EQ(format_of("b.WebP"), OutputFormat::webp);
  EXPECT_EQ(format_of("b.c.tif"), OutputFormat::tiff);
}

TEST(FormatOf, ListsWhatThereIs) {
  for (const char* path : {"a", "a.", "a.gif", ".png", "a.png/b"})
    expect_error(Exit::usage, [&] { format_of(path); }, ".webp");
}

TEST(FormatNamed, ListsWhatThereIs) {
  EXPECT_EQ(format_named("jpeg"), OutputFormat::jpeg);
  EXPECT_EQ(format_named("PNG"), OutputFormat::png);
  expect_error(Exit::usage, [] { format_named("heic"); }, "webp");
}

TEST(CheckStorable, KnowsTheLimitsOfFormats) {
  check_storable(OutputFormat::webp, 16383, 1);
  check_storable(OutputFormat::jpeg, 1, 65500);
  expect_error(Exit::file, [] { check_storable(OutputFormat::webp, 16384, 1); }, "16383");
  expect_error(Exit::file, [] { check_storable(OutputFormat::jpeg, 1, 65501); }, "65500");
}

TEST(EncodeImage, GoesThereAndBackWithoutLoss) {
  for (const bool has_alpha : {false, true})
    for (const auto format : {OutputFormat::png, OutputFormat::webp, OutputFormat::tiff}) {
      const Image image = gradient(37, 23, has_alpha);
      const Image again =
          decode_image(encode_image(image, {.format = format, .quality = 100}), "it");
      EXPECT_EQ(again.width, 37);
      EXPECT_EQ(again.rgb, image.rgb);
      EXPECT_EQ(again.alpha, image.alpha);
    }
}

TEST(EncodeImage, TakesEveryLegalQualityAndNoOther) {
  const Image image = gradient(5, 4, false);
  for (const int quality : {1, 50, 100})
    for (const auto format : {OutputFormat::jpeg, OutputFormat::webp})
      EXPECT_EQ(
          decode_image(encode_image(image, {.format = format, .quality = quality}), "it").width, 5);
  for (const int quality : {0, 101, -5})
    expect_error(Exit::usage, [&] { encode_image(image, {.quality = quality}); });
}

TEST(EncodeImage, RefusesAnImageThatContradictsItself) {
  Image image = gradient(5, 4, true);
  image.alpha.pop_back();
  expect_error(Exit::bug, [&] { encode_image(image, {}); });
  image = gradient(5, 4, false);
  image.height = 5;
  expect_error(Exit::bug, [&] { encode_image(image, {}); });
}

TEST(EncodeImage, SaysThatJpegHasNoAlpha) {
  const test::ExpectedWarnings warnings;
  encode_image(gradient(5, 4, true), {.format = OutputFormat::jpeg});
  EXPECT_EQ(warnings.sentences().size(), 1U);
}

TEST(EncodeImage, PutsTheRecordBeforeExifThatDoesNotFitIntoJpeg) {
  const test::ExpectedWarnings warnings;
  const std::string record = R"({"instruction": ")" + std::string(6000, 'x') + "\"}";
  Image image = gradient(5, 4, false);
  // A comment of 60000 bytes, as one tag after the header.
  image.exif = {'I', 'I',  '*',  0, 8, 0,  0, 0, 1, 0, 0x98, 0x82, 2,
                0,   0x60, 0xEA, 0, 0, 26, 0, 0, 0, 0, 0,    0,    0};
  image.exif.resize(image.exif.size() + 60000, 'y');
  const Bytes file = encode_image(image, {.format = OutputFormat::jpeg, .record = record});
  EXPECT_EQ(warnings.sentences().size(), 1U);
  EXPECT_EQ(read_record(file, "it"), record);

  const std::string too_long = R"({"a": ")" + std::string(70000, 'x') + "\"}";
  expect_error(
      Exit::file, [&] { encode_image(image, {.format = OutputFormat::jpeg, .record = too_long}); },
      "--strip");
}

TEST(ReadRecord, FindsWhatWasWritten) {
  const std::string record = R"({"instruction": "make it snow", "steps": 20})";
  for (const auto format :
       {OutputFormat::png, OutputFormat::jpeg, OutputFormat::webp, OutputFormat::tiff}) {
    const Bytes file = encode_image(gradient(5, 4, false), {.format = format, .record = record});
    EXPECT_EQ(read_record(file, "it"), record);
  }
}

TEST(ReadRecord, SaysWhenThereIsNone) {
  const Bytes file = encode_image(gradient(5, 4, false), {});
  expect_error(Exit::file, [&] { read_record(file, "\"a.png\""); }, "\"a.png\" holds no record");
}

}  // namespace
}  // namespace ip2p
