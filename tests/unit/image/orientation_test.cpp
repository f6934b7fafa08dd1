// orientation_test.cpp - the eight orientations on pictures small enough to write down.
#include "ip2p/image/orientation.h"

#include <gtest/gtest.h>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

/// 2 x 3 pixels: a b / c d / e f, in the alpha as letters and in the colours as the letter thrice.
Image stored() {
  Image image;
  image.width = 2;
  image.height = 3;
  image.alpha = {'a', 'b', 'c', 'd', 'e', 'f'};
  for (const std::uint8_t letter : image.alpha)
    image.rgb.insert(image.rgb.end(), {letter, letter, letter});
  return image;
}

std::string letters(const Image& image) {
  std::string out;
  for (std::size_t i = 0; i < image.alpha.size(); ++i) {
    if (i > 0 && i % static_cast<std::size_t>(image.width) == 0) out += '/';
    EXPECT_EQ(image.alpha[i], image.rgb[i * 3]);
    EXPECT_EQ(image.alpha[i], image.rgb[i * 3 + 2]);
    out += static_cast<char>(image.alpha[i]);
  }
  return out;
}

TEST(Upright, TurnsAsExifSays) {
  // EXIF: where the stored first row and first column are to be seen.
  EXPECT_EQ(letters(upright(stored(), 1)), "ab/cd/ef");
  EXPECT_EQ(letters(upright(stored(), 2)), "ba/dc/fe");
  EXPECT_EQ(letters(upright(stored(), 3)), "fe/dc/ba");
  EXPECT_EQ(letters(upright(stored(), 4)), "ef/cd/ab");
  EXPECT_EQ(letters(upright(stored(), 5)), "ace/bdf");
  EXPECT_EQ(letters(upright(stored(), 6)), "eca/fdb");
  EXPECT_EQ(letters(upright(stored(), 7)), "fdb/eca");
  EXPECT_EQ(letters(upright(stored(), 8)), "bdf/ace");
}

TEST(Upright, KeepsPicturesWithoutAlphaSo) {
  Image image = stored();
  image.alpha.clear();
  EXPECT_TRUE(upright(image, 6).alpha.empty());
  EXPECT_EQ(upright(image, 6).width, 3);
}

TEST(Upright, KnowsOnlyEight) {
  EXPECT_THROW(upright(stored(), 0), Error);
  EXPECT_THROW(upright(stored(), 9), Error);
}

}  // namespace
}  // namespace ip2p
