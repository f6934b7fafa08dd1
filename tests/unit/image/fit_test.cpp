// fit_test.cpp - the way to the model's size and back; tests/matched has the rules on 500 sizes.
#include "ip2p/image/fit.h"

#include <array>
#include <ostream>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {

static void PrintTo(const Size& size, std::ostream* out) {
  *out << size.width << 'x' << size.height;
}

namespace {

using test::expect_error;

FitRule pad(std::int64_t resolution = 512, std::int64_t multiple = 64,
            OutputSize output = OutputSize::fit) {
  return {SizeMode::pad, resolution, multiple, output};
}

FitRule crop(std::int64_t resolution = 512, std::int64_t multiple = 64,
             OutputSize output = OutputSize::fit) {
  return {SizeMode::crop, resolution, multiple, output};
}

Image picture(int width, int height) {
  Image image{.width = width, .height = height, .rgb = {}, .alpha = {}, .exif = {'I', 'I', '*', 0}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (const int value : {x * 5 + y, x + y * 7, x * y + 3})
        image.rgb.push_back(static_cast<std::uint8_t>(value));
  return image;
}

Image with_alpha(Image image) {
  for (std::size_t i = 0; i < image.rgb.size() / 3; ++i)
    image.alpha.push_back(static_cast<std::uint8_t>(i * 3));
  return image;
}

TEST(CropSize, IsTheOriginals) {
  EXPECT_EQ(crop_size({512, 512}, 512), (Size{512, 512}));
  EXPECT_EQ(crop_size({1024, 768}, 512), (Size{512, 384}));
  EXPECT_EQ(crop_size({640, 360}, 512), (Size{512, 320}));  // 320 rows; 568.9 columns cut to 512
  EXPECT_EQ(crop_size({100, 1000}, 512), (Size{64, 640}));
}

TEST(CropSize, MayRoundToNothing) {
  bool found = false;
  for (int shorter = 1; shorter < 2000 && !found; ++shorter)
    found = crop_size({shorter, 2 * shorter}, 64).width == 0;
  ASSERT_TRUE(found);  // 64 / shorter * shorter is less than 64 for some: the original fails there
}

TEST(PadSize, KeepsWhatFits) {
  EXPECT_EQ(pad_size({512, 100}, 512), (Size{512, 100}));
  EXPECT_EQ(pad_size({1, 1}, 512), (Size{1, 1}));
}

TEST(PadSize, ReducesTheLongerSideAndRoundsTheOther) {
  EXPECT_EQ(pad_size({1024, 768}, 512), (Size{512, 384}));
  EXPECT_EQ(pad_size({1000, 3}, 500), (Size{500, 2}));  // 1.5, half up
  EXPECT_EQ(pad_size({1, 9000}, 512), (Size{1, 512}));  // 0.06, but a picture has a pixel
  EXPECT_EQ(padded_size({500, 2}, 64), (Size{512, 64}));
  EXPECT_EQ(padded_size({512, 64}, 64), (Size{512, 64}));
}

TEST(Fit, PadModeGivesTheSamePictureBack) {
  for (const Size size : {Size{1, 1}, Size{1, 9}, Size{40, 3}, Size{64, 64}, Size{65, 63}}) {
    const Image input = with_alpha(picture(size.width, size.height));
    const Fitted fitted = fit(input, pad());
    EXPECT_EQ(fitted.picture.width % 64, 0);
    EXPECT_EQ(fitted.picture.height % 64, 0);
    EXPECT_TRUE(fitted.picture.alpha.empty());
    const Image back = restore(fitted.picture, fitted);
    EXPECT_EQ(back.width, size.width);
    EXPECT_EQ(back.height, size.height);
    EXPECT_EQ(back.rgb, input.rgb);
    EXPECT_EQ(back.alpha, input.alpha);
    EXPECT_EQ(back.exif, input.exif);
  }
}

TEST(Fit, PaddingReflectsWithoutTheEdge) {
  const Fitted fitted = fit(picture(3, 1), pad(512, 8));
  ASSERT_EQ(fitted.sizes.model, (Size{8, 8}));
  for (int row = 0; row < 8; ++row)
    for (int x = 0; x < 8; ++x) {
      const int source = std::array{0, 1, 2, 1, 0, 1, 2, 1}.at(static_cast<std::size_t>(x));
      EXPECT_EQ(fitted.picture.rgb.at(static_cast<std::size_t>(row * 8 + x) * 3), source * 5);
    }
}

TEST(Fit, TheInputsSizeComesBackWhenAsked) {
  const Image input = with_alpha(picture(300, 150));
  const Fitted fitted = fit(input, pad(100, 8, OutputSize::input));
  EXPECT_EQ(fitted.sizes.content, (Size{100, 50}));
  EXPECT_EQ(fitted.sizes.model, (Size{104, 56}));
  const Image back = restore(fitted.picture, fitted);
  EXPECT_EQ(back.width, 300);
  EXPECT_EQ(back.height, 150);
  EXPECT_EQ(back.alpha, input.alpha);  // never resized, so exact
}

TEST(Fit, AlphaFollowsTheOutput) {
  const Image input = with_alpha(picture(300, 150));
  const Fitted padded = fit(input, pad(100));
  EXPECT_EQ(restore(padded.picture, padded).alpha, resize_lanczos(input, 100, 50).alpha);
  const Fitted cropped = fit(input, crop(100));
  const Image back = restore(cropped.picture, cropped);
  EXPECT_EQ(back.alpha,
            fit_crop(input, cropped.sizes.model.width, cropped.sizes.model.height).alpha);
  EXPECT_EQ(back.exif, input.exif);
}

TEST(Fit, AnotherPictureDoesNotComeBack) {
  const Fitted fitted = fit(picture(10, 10), pad());
  expect_error(Exit::bug, [&] { restore(picture(10, 10), fitted); }, "expected 64x64", "got 10x10");
}

TEST(Fit, RulesThatCannotBeFollowedAreRefused) {
  const Size size{100, 100};
  expect_error(Exit::usage, [&] { fit_sizes(size, pad(0)); }, "--resolution", "got 0");
  expect_error(Exit::model, [&] { fit_sizes(size, pad(512, 0)); }, "size_multiple");
  expect_error(
      Exit::usage, [&] { fit_sizes(size, crop(512, 96)); }, "multiples of 96", "--size-mode pad");
  expect_error(
      Exit::usage, [&] { fit_sizes(size, crop(512, 64, OutputSize::input)); },
      "--output-size input", "--size-mode pad");
  EXPECT_NO_THROW(fit_sizes(size, crop(512, 32)));
}

TEST(Fit, CropsThatAreNothingOrHugeAreRefused) {
  int shorter = 1;
  while (crop_size({shorter, 2 * shorter}, 64).width != 0) ++shorter;
  expect_error(
      Exit::usage, [&] { fit_sizes({shorter, 2 * shorter}, crop(64)); }, "makes 0x",
      "--size-mode pad");
  expect_error(Exit::usage, [] { fit_sizes({1, 100'000'000}, crop()); }, "--size-mode pad");
}

}  // namespace
}  // namespace ip2p
