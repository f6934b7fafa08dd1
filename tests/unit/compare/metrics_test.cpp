// metrics_test.cpp - what must hold of every metric, down to pictures of one pixel.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "ip2p/compare/difference_picture.h"
#include "ip2p/compare/flip.h"
#include "ip2p/compare/pixel_difference.h"
#include "ip2p/compare/ssim.h"

#include "support/throws.h"

namespace ip2p {
namespace {

Image picture(int width, int height, unsigned seed) {
  std::mt19937 chance(seed);
  Image made{.width = width, .height = height, .rgb = {}, .alpha = {}, .exif = {}};
  made.rgb.resize(static_cast<std::size_t>(width * height * 3));
  for (std::uint8_t& byte : made.rgb) byte = static_cast<std::uint8_t>(chance());
  return made;
}

Image flat(int width, int height, std::uint8_t level) {
  Image made = picture(width, height, 0);
  made.rgb.assign(made.rgb.size(), level);
  return made;
}

TEST(PixelDifference, FindsTheWorstPixelAndCountsTheOthers) {
  const Image one = flat(5, 4, 100);
  Image other = one;
  other.rgb[3 * (2 * 5 + 3) + 2] = 90;  // B at (3, 2)
  other.rgb[3 * (3 * 5 + 1)] = 110;     // R at (1, 3), as far off and later
  other.rgb[3 * (1 * 5 + 0) + 1] = 101;
  const PixelDifference found = pixel_difference(one, other);
  EXPECT_EQ(found.worst.value, 10);
  EXPECT_EQ(found.worst.x, 3);
  EXPECT_EQ(found.worst.y, 2);
  EXPECT_EQ(found.worst.channel, 'B');
  EXPECT_DOUBLE_EQ(found.mean_abs, 21.0 / 60);
  EXPECT_DOUBLE_EQ(found.mean_square, 201.0 / 60);
  EXPECT_DOUBLE_EQ(found.share_over(0), 3.0 / 20);
  EXPECT_DOUBLE_EQ(found.share_over(1), 2.0 / 20);
  EXPECT_DOUBLE_EQ(found.share_over(9), 2.0 / 20);
  EXPECT_DOUBLE_EQ(found.share_over(10), 0);
  EXPECT_DOUBLE_EQ(found.share_over(255), 0);
  EXPECT_DOUBLE_EQ(found.psnr_db(), 10 * std::log10(255.0 * 255 * 60 / 201));
}

TEST(PixelDifference, PixelsThatDoNotCountDoNot) {
  const Image one = flat(3, 1, 0);
  Image other = one;
  other.rgb = {9, 0, 0, 0, 5, 0, 0, 0, 0};
  const PixelDifference found = pixel_difference(one, other, {0, 1, 1});
  EXPECT_EQ(found.worst.value, 5);
  EXPECT_EQ(found.pixels, 2U);
  EXPECT_DOUBLE_EQ(found.mean_abs, 5.0 / 6);
  const PixelDifference none = pixel_difference(one, other, {0, 0, 0});
  EXPECT_EQ(none.worst.value, 0);
  EXPECT_TRUE(std::isinf(none.psnr_db()));
}

TEST(PixelDifference, AlphaIsAChannelWhereBothHaveIt) {
  Image one = flat(2, 1, 7);
  Image other = one;
  one.alpha = {255, 255};
  other.alpha = {255, 200};
  EXPECT_EQ(pixel_difference(one, other).worst.channel, 'A');
  EXPECT_DOUBLE_EQ(pixel_difference(one, other).mean_abs, 55.0 / 8);
  EXPECT_DOUBLE_EQ(pixel_difference(one, other).mean_square, 0) << "PSNR is of colours";
  other.alpha.clear();
  EXPECT_EQ(pixel_difference(one, other).worst.value, 0);
}

class OfAnySize : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(OfAnySize, EqualPicturesAreEqualAndOthersAreNot) {
  const auto [width, height] = GetParam();
  const Image one = picture(width, height, 1);
  const Image other = picture(width, height, 2);
  EXPECT_NEAR(ssim(one, one), 1, 1e-6);
  EXPECT_EQ(flip(one, one), 0);
  EXPECT_LT(ssim(one, other), 0.9);
  EXPECT_GT(flip(one, other), 0.05);
  EXPECT_LE(flip(one, other), 1);
  EXPECT_NEAR(ssim(one, other), ssim(other, one), 1e-6);
  EXPECT_NEAR(flip(one, other), flip(other, one), 1e-6);
  EXPECT_EQ(flip_map(one, other).size(), static_cast<std::size_t>(width * height));
}

INSTANTIATE_TEST_SUITE_P(Metrics, OfAnySize,
                         testing::Values(std::pair{1, 1}, std::pair{2, 3}, std::pair{10, 40},
                                         std::pair{11, 11}, std::pair{65, 33}));

/// Rows of a picture as one of their own.
Image rows_between(const Image& image, int first, int end) {
  const auto at = [&image](int row) {
    return image.rgb.begin() + std::ptrdiff_t{3} * row * image.width;
  };
  return {.width = image.width,
          .height = end - first,
          .rgb = Bytes(at(first), at(end)),
          .alpha = {},
          .exif = {}};
}

/// So wide that its rows are measured in parts, which few rows are not.
constexpr int wide = 8192;
constexpr int few_rows = 50;

TEST(Flip, LargePicturesHaveNoSeams) {
  constexpr int rows = 170;
  constexpr int reach = 10;
  const Image one = picture(wide, rows, 1);
  const Image other = picture(wide, rows, 2);
  const std::vector<float> map = flip_map(one, other);
  for (int first = 0; first + few_rows <= rows; first += few_rows - 2 * reach) {
    const int end = first + few_rows;
    const std::vector<float> part =
        flip_map(rows_between(one, first, end), rows_between(other, first, end));
    const int from = first == 0 ? 0 : first + reach;
    const int to = end == rows ? rows : end - reach;
    for (std::size_t i = std::size_t{wide} * static_cast<std::size_t>(from);
         i < std::size_t{wide} * static_cast<std::size_t>(to); ++i)
      ASSERT_NEAR(map[i], part[i - std::size_t{wide} * static_cast<std::size_t>(first)], 1e-5)
          << "row " << i / wide;
  }
}

TEST(Ssim, LargePicturesHaveNoSeams) {
  constexpr int rows = 170;
  const Image one = picture(wide, rows, 1);
  const Image other = picture(wide, rows, 2);
  for (int first = 0; first + few_rows <= rows; first += 5) {
    // A row in the middle alone, whose windows are within the part.
    constexpr int middle = few_rows / 2;
    const auto only = [](int of, int row) {
      Counted counted(std::size_t{wide} * static_cast<std::size_t>(of));
      std::fill_n(counted.begin() + std::ptrdiff_t{wide} * row, wide, 1);
      return counted;
    };
    const int end = first + few_rows;
    EXPECT_NEAR(ssim(one, other, only(rows, first + middle)),
                ssim(rows_between(one, first, end), rows_between(other, first, end),
                     only(few_rows, middle)),
                1e-6)
        << "row " << first + middle;
  }
}

TEST(Flip, BlackAgainstWhiteIsNearlyAsFarAsCanBe) {
  EXPECT_GT(flip(flat(32, 32, 0), flat(32, 32, 255)), 0.9);
}

TEST(Metrics, OnlyPixelsThatCountDecide) {
  const Image one = picture(40, 30, 1);
  Image other = one;
  // rows 8 to 10
  for (std::size_t i = std::size_t{3} * 40 * 8; i < std::size_t{3} * 40 * 11; ++i)
    other.rgb[i] ^= 0x80U;
  Counted lower(std::size_t{40} * 30, 1);
  std::fill_n(lower.begin(), 40 * 20, 0);  // far enough from them for every window
  EXPECT_NEAR(ssim(one, other, lower), 1, 1e-6);
  EXPECT_LT(ssim(one, other), 0.99);
}

TEST(Ssim, OfARegionAtTheEdgeIsMeasuredThere) {
  constexpr int width = 40;
  constexpr int height = 30;
  const Image one = picture(width, height, 1);
  // Corners, a border, and a line beside one: windows of 11 pixels are whole nowhere in them.
  const auto region = [](int left, int top, int right, int bottom) {
    Counted counted(std::size_t{width} * height);
    for (int y = top; y < bottom; ++y)
      std::fill_n(counted.begin() + std::ptrdiff_t{width} * y + left, right - left, 1);
    return counted;
  };
  for (const Counted& counted :
       {region(0, 0, 5, 5), region(35, 25, 40, 30), region(0, 0, width, 1), region(4, 0, 5, 30)}) {
    Image close = one;
    Image far = one;
    for (std::size_t i = 0; i < counted.size(); ++i) {
      if (counted[i] == 0) continue;
      close.rgb[3 * i] ^= 1U;
      for (std::size_t c = 0; c < 3; ++c) far.rgb[3 * i + c] ^= 0x80U;
    }
    EXPECT_NEAR(ssim(one, one, counted), 1, 1e-6);
    EXPECT_GT(ssim(one, close, counted), 0.99);
    EXPECT_LT(ssim(one, far, counted), 0.9);
  }
  // What has a whole window anywhere is measured there alone, as the whole picture is.
  Image edge = one;
  for (std::size_t i = 0; i < std::size_t{3} * 5; ++i) edge.rgb[i] ^= 0x80U;
  EXPECT_NEAR(ssim(one, edge, region(0, 0, width, height)), ssim(one, edge), 1e-12);
}

TEST(Metrics, PicturesOfDifferentSizesAreABug) {
  test::expect_error(
      Exit::bug, [] { (void)pixel_difference(flat(2, 2, 0), flat(2, 3, 0)); }, "2x2", "2x3");
  test::expect_error(Exit::bug, [] { (void)ssim(flat(2, 2, 0), flat(3, 2, 0)); }, "3x2");
  test::expect_error(Exit::bug, [] { (void)flip(flat(2, 2, 0), flat(3, 2, 0)); }, "3x2");
  test::expect_error(
      Exit::bug, [] { (void)pixel_difference(flat(2, 2, 0), flat(2, 2, 0), {1}); }, "1 pixels");
}

TEST(DifferencePicture, IsGreyWhereNothingDiffersAndColouredElsewhere) {
  const Image one = picture(4, 4, 1);
  Image other = one;
  other.rgb[3 * 5] ^= 1U;
  other.rgb[3 * 9 + 2] ^= 0x80U;
  const Image shown = difference_picture(one, other);
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint8_t* const rgb = &shown.rgb[3 * i];
    const bool is_grey = rgb[0] == rgb[1] && rgb[1] == rgb[2];
    EXPECT_EQ(is_grey, i != 5 && i != 9) << i;
  }
}

}  // namespace
}  // namespace ip2p
