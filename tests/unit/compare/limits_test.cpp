// limits_test.cpp - limits as people write them, and the verdict on each side of one.
#include "ip2p/compare/limits.h"

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

TEST(Limits, ComeBackFromJson) {
  const Json json{{"max_abs", 8},           {"mean_abs", 0.5},
                  {"psnr_db", 40.0},        {"ssim", 0.98},
                  {"flip", 0.02},           {"clip_image", 0.9},
                  {"clip_direction", -0.5}, {"pixels_over", {{"value", 2}, {"share", 0.01}}}};
  EXPECT_EQ(limits_to_json(limits_from_json(json)), json);
  EXPECT_EQ(limits_to_json(limits_from_json(Json::object())), Json::object());
  EXPECT_FALSE(Limits{}.any());
  EXPECT_TRUE(limits_from_json({{"pixels_over", {{"value", 0}, {"share", 0}}}}).any());
}

TEST(Limits, WhatIsNoneIsRefused) {
  const auto refused = [](const Json& json, const std::string& part) {
    test::expect_error(Exit::usage, [&] { (void)limits_from_json(json); }, part);
  };
  refused({{"vmaf", 1}},
          "unknown limit \"vmaf\"; known: max_abs, mean_abs, psnr_db, ssim, flip, clip_image, "
          "clip_direction, pixels_over");
  refused({{"max_abs", 256}}, "max_abs: expected a whole number from 0 to 255, got 256");
  refused({{"max_abs", 1.5}}, "max_abs");
  refused({{"max_abs", "8"}}, "max_abs");
  refused({{"ssim", 2}}, "ssim: expected a number from -1 to 1, got 2");
  refused({{"clip_image", 1.1}}, "clip_image");
  refused({{"clip_direction", -2}}, "clip_direction");
  refused({{"pixels_over", 3}}, "pixels_over");
  refused({{"pixels_over", {{"value", 3}}}}, "pixels_over");
  refused({{"pixels_over", {{"value", 3}, {"share", 2}}}}, "share");
  refused({{"pixels_over", {{"value", "3"}, {"share", 0}}}}, "pixels_over");
  refused(Json::array(), "object");
  for (const char* words :
       {"", "8", ":", "8:", ":0.1", "8:x", "8:0.1x", "-1:0.1", "8:1.5", "256:0"})
    test::expect_error(Exit::usage, [&] { (void)PixelsOver::parse(words); }, "pixels");
  EXPECT_EQ(PixelsOver::parse("8:0.25").value, 8);
  EXPECT_EQ(PixelsOver::parse("8:0.25").share, 0.25);
}

TEST(Limits, TheFirstSaysMore) {
  const Limits one = limits_from_json({{"max_abs", 1}});
  const Limits both = one.or_else(limits_from_json({{"max_abs", 9}, {"flip", 0.5}}));
  EXPECT_EQ(both.max_abs, 1);
  EXPECT_EQ(both.flip, 0.5);
  const Json seen{{"clip_image", 0.5}, {"clip_direction", 0.25}};
  EXPECT_EQ(limits_to_json(Limits{}.or_else(limits_from_json(seen))), seen);
  EXPECT_FALSE(both.ssim);
}

TEST(Judge, ALimitItselfHoldsAndTheNextValueDoesNot) {
  Metrics metrics;
  metrics.pixels.worst.value = 8;
  metrics.pixels.mean_abs = 0.5;
  metrics.pixels.mean_square = 1;
  metrics.pixels.pixels = 100;
  metrics.pixels.histogram[0] = 99;
  metrics.pixels.histogram[8] = 1;
  metrics.ssim = 0.9;
  metrics.flip = 0.1;
  metrics.clip_image = 0.8;
  metrics.clip_direction = 0.2;
  const auto holds = [&](const Json& limits) {
    const auto judged = judge(metrics, limits_from_json(limits));
    EXPECT_EQ(judged.size(), 1U);
    return judged.at(0).holds;
  };
  EXPECT_TRUE(holds({{"max_abs", 8}}));
  EXPECT_FALSE(holds({{"max_abs", 7}}));
  EXPECT_TRUE(holds({{"mean_abs", 0.5}}));
  EXPECT_FALSE(holds({{"mean_abs", 0.49}}));
  EXPECT_TRUE(holds({{"psnr_db", 48.13}}));
  EXPECT_FALSE(holds({{"psnr_db", 48.14}}));
  EXPECT_TRUE(holds({{"ssim", 0.9}}));
  EXPECT_FALSE(holds({{"ssim", 0.91}}));
  EXPECT_TRUE(holds({{"flip", 0.1}}));
  EXPECT_FALSE(holds({{"flip", 0.09}}));
  EXPECT_TRUE(holds({{"clip_image", 0.8}}));
  EXPECT_FALSE(holds({{"clip_image", 0.81}}));
  EXPECT_TRUE(holds({{"clip_direction", 0.2}}));
  EXPECT_FALSE(holds({{"clip_direction", 0.21}}));
  EXPECT_TRUE(holds({{"pixels_over", {{"value", 7}, {"share", 0.01}}}}));
  EXPECT_FALSE(holds({{"pixels_over", {{"value", 7}, {"share", 0.009}}}}));
  EXPECT_TRUE(holds({{"pixels_over", {{"value", 8}, {"share", 0}}}}));
  metrics.ssim.reset();
  test::expect_error(
      Exit::bug, [&] { (void)judge(metrics, limits_from_json({{"ssim", 0.5}})); },
      "ssim was not measured");
}

TEST(Mismatch, SaysWhatDiffers) {
  const Image small{.width = 1, .height = 1, .rgb = {1, 2, 3}, .alpha = {}, .exif = {}};
  Image clear = small;
  clear.alpha = {9};
  Image wide{.width = 2, .height = 1, .rgb = Bytes(6), .alpha = {}, .exif = {}};
  EXPECT_EQ(mismatch(small, small), "");
  EXPECT_EQ(mismatch(small, wide), "is 2x1, not 1x1");
  EXPECT_EQ(mismatch(clear, small), "has lost its alpha");
  EXPECT_EQ(mismatch(small, clear), "has an alpha channel, and its reference has none");
}

}  // namespace
}  // namespace ip2p
