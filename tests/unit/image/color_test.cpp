// color_test.cpp - the arithmetic of pictures without a colour profile, and what a bad one does.
#include "ip2p/image/color.h"

#include <cstring>

#include <gtest/gtest.h>

#include "support/expected_warnings.h"

namespace ip2p {
namespace {

RawPicture row(Colors colors, bool has_alpha, Bytes samples) {
  RawPicture picture;
  picture.colors = colors;
  picture.has_alpha = has_alpha;
  picture.width = static_cast<int>(samples.size() / picture.channels());
  picture.height = 1;
  picture.samples = std::move(samples);
  return picture;
}

RawPicture wide_row(Colors colors, bool has_alpha, const std::vector<std::uint16_t>& samples) {
  Bytes bytes(samples.size() * 2);
  std::memcpy(bytes.data(), samples.data(), bytes.size());
  RawPicture picture = row(colors, has_alpha, std::move(bytes));
  picture.bits = 16;
  picture.width /= 2;
  return picture;
}

TEST(ToSrgb, RepeatsGrey) {
  const Image image = to_srgb(row(Colors::grey, true, {7, 255, 200, 0}), "it");
  EXPECT_EQ(image.rgb, (Bytes{7, 7, 7, 200, 200, 200}));
  EXPECT_EQ(image.alpha, (Bytes{255, 0}));
}

TEST(ToSrgb, LeavesRgbAlone) {
  const Image image = to_srgb(row(Colors::rgb, false, {1, 2, 3, 4, 5, 6}), "it");
  EXPECT_EQ(image.rgb, (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(image.alpha.empty());
  EXPECT_EQ(image.width, 2);
}

TEST(ToSrgb, MixesInks) {
  const Image image = to_srgb(
      row(Colors::cmyk, false, {0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 100, 50, 0, 100}), "it");
  EXPECT_EQ(image.rgb, (Bytes{255, 255, 255, 0, 255, 255, 0, 0, 0, 94, 125, 155}));
}

TEST(ToSrgb, RoundsSixteenBitsToTheNearestLevel) {
  // A level is 257; half of it, 128.5, is the border.
  const Image image = to_srgb(wide_row(Colors::grey, true, {128, 129, 65406, 65407}), "it");
  EXPECT_EQ(image.rgb, (Bytes{0, 0, 0, 254, 254, 254}));
  EXPECT_EQ(image.alpha, (Bytes{1, 255}));
}

TEST(ToSrgb, RoundTripsEveryLevel) {
  std::vector<std::uint16_t> levels;
  for (unsigned int i = 0; i < 256; ++i) levels.push_back(static_cast<std::uint16_t>(i * 257));
  const Image image = to_srgb(wide_row(Colors::grey, false, levels), "it");
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(image.rgb[i * 3], i);
}

TEST(ToSrgb, NamesAPictureWithABadProfile) {
  const test::ExpectedWarnings warnings;
  RawPicture picture = row(Colors::rgb, false, {1, 2, 3});
  picture.icc = Bytes(300, 7);
  EXPECT_EQ(to_srgb(picture, "\"a.png\"").rgb, (Bytes{1, 2, 3}));
  ASSERT_EQ(warnings.sentences().size(), 1U);
  EXPECT_NE(warnings.sentences()[0].find("\"a.png\""), std::string::npos);
}

}  // namespace
}  // namespace ip2p
