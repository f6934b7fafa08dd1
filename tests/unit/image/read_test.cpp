// read_test.cpp - limits and sentences of reading; the kinds of pictures are tests/matched's.
#include "ip2p/image/read.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "ip2p/base/error.h"
#include "ip2p/image/write.h"

#include "support/throws.h"

namespace ip2p {
namespace {

/// Expects that the bytes are refused for this reason.
void expect_refusal(ByteSpan bytes, const char* why, const ReadLimits& limits = {}) {
  test::expect_error(
      Exit::file, [&] { decode_image(bytes, "\"a.png\"", limits); },
      "cannot read \"a.png\": ", why);
}

Bytes white(int width, int height, OutputFormat format) {
  Image image;
  image.width = width;
  image.height = height;
  image.rgb = Bytes(static_cast<std::size_t>(width * height) * 3, 255);
  return encode_image(image, {.format = format});
}

TEST(DecodeImage, ObeysTheLimitToThePixel) {
  for (const auto format :
       {OutputFormat::png, OutputFormat::jpeg, OutputFormat::webp, OutputFormat::tiff}) {
    const Bytes file = white(100, 50, format);
    EXPECT_EQ(decode_image(file, "it", {.max_megapixels = 0.005}).width, 100);
    expect_refusal(file, "--max-megapixels", {.max_megapixels = 0.0049});
  }
}

TEST(DecodeImage, ChecksTheSizeBeforeItMakesRoom) {
  Bytes file = white(100, 50, OutputFormat::png);
  file[16] = 0x7F;  // the first byte of the width: two thousand million
  expect_refusal(file, "more than ip2p can hold", {.max_megapixels = 1e9});
}

TEST(DecodeImage, NamesWhatIsEmpty) {
  expect_refusal({}, "it is empty");
  Bytes file = white(100, 50, OutputFormat::png);
  file[19] = 0;
  expect_refusal(file, "it has no pixels");
}

TEST(MaxFileBytes, IsANumberWhateverTheLimit) {
  EXPECT_GT(max_file_bytes({}), std::uint64_t{100'000'000} * 8);
  for (const double limit : {std::nan(""), 1e300, -1.0, std::numeric_limits<double>::infinity()}) {
    EXPECT_GT(max_file_bytes({.max_megapixels = limit}), 1'000'000U);
    EXPECT_LT(max_file_bytes({.max_megapixels = limit}), std::uint64_t{1} << 40);
  }
}

TEST(ReadImage, NamesFilesThatAreMissing) {
  test::expect_error(Exit::file, [] { read_image("no/such/picture.png"); }, "no/such/picture.png");
  test::expect_error(Exit::file, [] { read_image("/"); }, "it is a folder");
}

}  // namespace
}  // namespace ip2p
