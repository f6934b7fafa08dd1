// resample_test.cpp - what holds for any resampling; tests/matched compares the bytes with
// Pillow's.
#include "ip2p/image/resample.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

Image noise(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}, .alpha = {}, .exif = {'I', 'I'}};
  std::uint32_t state = 12345;
  const auto next = [&state] {
    state = state * 1664525U + 1013904223U;
    return static_cast<std::uint8_t>(state >> 24U);
  };
  const std::size_t area = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  for (std::size_t i = 0; i < area * 3; ++i) image.rgb.push_back(next());
  for (std::size_t i = 0; i < area; ++i) image.alpha.push_back(next());
  return image;
}

Image flat(int width, int height, std::uint8_t value) {
  Image image = noise(width, height);
  std::ranges::fill(image.rgb, value);
  std::ranges::fill(image.alpha, value);
  return image;
}

TEST(Resample, TheSameSizeIsTheSamePicture) {
  const Image image = noise(17, 9);
  const Image same = resize_lanczos(image, 17, 9);
  EXPECT_EQ(same.rgb, image.rgb);
  EXPECT_EQ(same.alpha, image.alpha);
  EXPECT_EQ(same.exif, image.exif);
}

TEST(Resample, AFlatPictureStaysFlat) {
  for (const int value : {0, 1, 128, 254, 255})
    for (const Size size : {Size{1, 1}, Size{7, 60}, Size{13, 4}, Size{100, 100}, Size{64, 10}}) {
      const Image image =
          resize_lanczos(flat(13, 60, static_cast<std::uint8_t>(value)), size.width, size.height);
      EXPECT_EQ(image.rgb.size(), static_cast<std::size_t>(size.width * size.height * 3));
      EXPECT_TRUE(std::ranges::all_of(image.rgb, [&](int byte) { return byte == value; }));
      EXPECT_TRUE(std::ranges::all_of(image.alpha, [&](int byte) { return byte == value; }));
    }
}

TEST(Resample, ShrinkingFilters) {
  // Black and white pixels in turn are grey from a distance. Without filtering they would be one of
  // both.
  Image image = flat(256, 256, 0);
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = (i / 3 + i / (256 * 3)) % 2 == 0 ? 0 : 255;
  for (const std::uint8_t byte : resize_lanczos(image, 45, 45).rgb) EXPECT_NEAR(byte, 127.5, 6.0);
}

TEST(Resample, ThePictureWithoutAlphaGetsNone) {
  Image image = noise(5, 5);
  image.alpha.clear();
  EXPECT_TRUE(resize_lanczos(image, 3, 8).alpha.empty());
}

TEST(Resample, TheMiddleKeepsTheShapeAsked) {
  const Box wide = centre_box({200, 100}, {64, 64});
  EXPECT_EQ(wide.left, 50);
  EXPECT_EQ(wide.right, 150);
  EXPECT_EQ(wide.top, 0);
  EXPECT_EQ(wide.bottom, 100);
  const Box tall = centre_box({100, 200}, {2, 1});
  EXPECT_EQ(tall.left, 0);
  EXPECT_EQ(tall.right, 100);
  EXPECT_EQ(tall.top, 75);
  EXPECT_EQ(tall.bottom, 125);
}

TEST(Resample, CropTakesTheMiddle) {
  Image image = flat(30, 10, 0);
  for (std::size_t y = 0; y < 10; ++y)
    std::fill_n(image.rgb.begin() + static_cast<std::ptrdiff_t>((y * 30 + 10) * 3), 30, 200);
  const Image middle = fit_crop(image, 10, 10);
  EXPECT_TRUE(std::ranges::all_of(middle.rgb, [](int byte) { return byte == 200; }));
}

TEST(Resample, WhatCannotBeIsRefused) {
  const Image image = noise(10, 10);
  expect_error(Exit::bug, [&] { resize_lanczos(image, 0, 5); }, "10x10", "0x5");
  expect_error(Exit::bug, [&] { fit_crop(image, 5, -1); }, "5x-1");
  Image cut = image;
  cut.rgb.pop_back();
  expect_error(Exit::bug, [&] { resize_lanczos(cut, 5, 5); }, "299 bytes");
  for (const Box box : {Box{-1, 0, 5, 5}, Box{0, 0, 10.5, 5}, Box{0, 5, 5, 5}, Box{6, 0, 5, 5}})
    expect_error(Exit::bug, [&] { resize_lanczos(image, Size{5, 5}, box); }, "cannot resample");
}

}  // namespace
}  // namespace ip2p
