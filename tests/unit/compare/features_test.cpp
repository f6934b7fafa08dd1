// features_test.cpp - cosines with closed forms, and what CLIP is asked to look at, by a stand-in.
#include "ip2p/compare/features.h"

#include <cmath>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "ip2p/compare/limits.h"

#include "support/throws.h"

namespace ip2p {
namespace {

/// One pixel and its alpha.
Image dot(std::uint8_t red, std::uint8_t green, std::uint8_t blue, Bytes alpha = {}) {
  return {
      .width = 1, .height = 1, .rgb = {red, green, blue}, .alpha = std::move(alpha), .exif = {}};
}

/// A picture is its first pixel, a text the colour that it names.
class Colours : public ImageTextFeatures {
 public:
  [[nodiscard]] Features of_picture(const Image& picture) const override {
    ++looks;
    return {static_cast<float>(picture.rgb[0]), static_cast<float>(picture.rgb[1]),
            static_cast<float>(picture.rgb[2])};
  }
  [[nodiscard]] Features of_text(const std::string& words) const override {
    ++reads;
    return {words == "red" ? 2.0F : 0.0F, words == "green" ? 2.0F : 0.0F,
            words == "blue" ? 2.0F : 0.0F};
  }

  mutable int looks = 0;
  mutable int reads = 0;
};

TEST(Cosine, HasItsClosedForms) {
  const Features one{3, 4};
  EXPECT_DOUBLE_EQ(cosine(one, Features{6, 8}), 1);
  EXPECT_DOUBLE_EQ(cosine(one, Features{-3, -4}), -1);
  EXPECT_DOUBLE_EQ(cosine(one, Features{-4, 3}), 0);
  EXPECT_DOUBLE_EQ(cosine(one, Features{1, 0}), 0.6);
  EXPECT_DOUBLE_EQ(cosine(one, Features{1e-20F, 0}), 0.6);
  EXPECT_EQ(cosine(one, Features{0, 0}), 0);
  test::expect_error(Exit::bug, [&] { (void)cosine(one, Features{1}); }, "2 and 1");
}

TEST(Cosine, IsNeverBeyondOne) {
  for (int i = 1; i < 500; ++i) {
    const float x = 0.1F * static_cast<float>(i);
    const Features one{x, 1 / x, x * x, std::sqrt(x)};
    EXPECT_LE(cosine(one, one), 1.0);
    EXPECT_NEAR(cosine(one, one), 1.0, 1e-12);
  }
}

TEST(ChangeSimilarity, ComparesWhereBothWent) {
  const Features x{1, 0, 0};
  const Features y{0, 1, 0};
  const Features z{0, 0, 1};
  EXPECT_DOUBLE_EQ(change_similarity({x, y}, {x, y}), 1);
  EXPECT_DOUBLE_EQ(change_similarity({x, y}, {y, x}), -1);
  EXPECT_DOUBLE_EQ(change_similarity({x, y}, {x, z}), 0.5);  // y - x and z - x: 60 degrees
  EXPECT_EQ(change_similarity({x, x}, {x, y}), 0);
  EXPECT_EQ(change_similarity({x, y}, {z, z}), 0);
}

TEST(ChangeSimilarity, MakesEachOfUnitLengthFirst) {
  const Features x{1, 0, 0};
  const Features y{0, 1, 0};
  const Features z{0, 0, 1};
  EXPECT_DOUBLE_EQ(change_similarity({{9, 0, 0}, {0, 0.5F, 0}}, {x, z}), 0.5);
  EXPECT_DOUBLE_EQ(change_similarity({x, z}, {{0.1F, 0, 0}, {0, 7, 0}}), 0.5);
  EXPECT_EQ(change_similarity({x, {5, 0, 0}}, {x, y}), 0);  // longer, and the same
}

TEST(RememberedFeatures, LooksAtEverythingOnce) {
  auto owned = std::make_unique<const Colours>();
  const Colours& colours = *owned;
  const RememberedFeatures remembered(std::move(owned));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        EXPECT_EQ(remembered.of_picture(dot(1, 2, 3)), (Features{1, 2, 3}));
        EXPECT_EQ(remembered.of_picture(dot(1, 2, 4)), (Features{1, 2, 4}));
        EXPECT_EQ(remembered.of_text("red"), (Features{2, 0, 0}));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(colours.looks, 2);
  EXPECT_EQ(colours.reads, 1);
}

TEST(RememberedFeatures, KnowsPicturesBySizeAndAlphaToo) {
  auto owned = std::make_unique<const Colours>();
  const Colours& colours = *owned;
  const RememberedFeatures remembered(std::move(owned));
  Image wide{.width = 2, .height = 1, .rgb = Bytes(6), .alpha = {}, .exif = {}};
  Image tall{.width = 1, .height = 2, .rgb = Bytes(6), .alpha = {}, .exif = {}};
  for (int round = 0; round < 2; ++round)
    for (const Image& each : {wide, tall, dot(1, 2, 3), dot(1, 2, 3, {255}), dot(1, 2, 3, {0})})
      (void)remembered.of_picture(each);
  EXPECT_EQ(colours.looks, 5);
}

constexpr MetricChoice both{.clip_image = true, .clip_direction = true};

TEST(Measure, AsksClipOfReferencePictureAndInput) {
  const Colours colours;
  const Captions captions{.before = "red", .after = "green"};
  const Image input = dot(200, 0, 0);
  const ClipSubject clip{.features = &colours, .input = &input, .captions = &captions};
  const Metrics metrics = measure(dot(0, 3, 4), dot(0, 5, 0), both, {}, clip);
  EXPECT_DOUBLE_EQ(metrics.clip_image.value(), 0.6);
  EXPECT_DOUBLE_EQ(metrics.clip_direction.value(), 1);
  const Metrics other = measure(dot(0, 3, 4), dot(0, 0, 9), both, {}, clip);
  EXPECT_DOUBLE_EQ(other.clip_direction.value(), 0.5);
  EXPECT_FALSE(measure(dot(0, 3, 4), dot(0, 0, 9), {.clip_image = true}, {}, clip).clip_direction);
}

TEST(Measure, EqualPicturesAreOneForClipWithoutALook) {
  const Colours colours;
  const ClipSubject clip{.features = &colours};
  EXPECT_EQ(measure(dot(1, 2, 3), dot(1, 2, 3), {.clip_image = true}, {}, clip).clip_image, 1.0);
  EXPECT_EQ(colours.looks, 0);
  const Image clear = dot(1, 2, 3, {0});
  (void)measure(dot(1, 2, 3, {255}), clear, {.clip_image = true}, {}, clip);
  EXPECT_EQ(colours.looks, 2);
}

TEST(Measure, WhatDoesNotCountIsTheReferencesForClip) {
  const Colours colours;
  const Captions captions{.before = "red", .after = "green"};
  const Image input = dot(200, 0, 0);
  const ClipSubject clip{.features = &colours, .input = &input, .captions = &captions};
  const Image reference{
      .width = 2, .height = 1, .rgb = {0, 9, 0, 5, 5, 5}, .alpha = {}, .exif = {}};
  Image picture = reference;
  picture.rgb = {0, 0, 9, 5, 5, 5};
  for (const int second : {5, 6}) {  // equal in what counts, and not
    picture.rgb[3] = static_cast<std::uint8_t>(second);
    const Metrics metrics = measure(reference, picture, both, {0, 1}, clip);
    EXPECT_DOUBLE_EQ(metrics.clip_image.value(), 1);
    EXPECT_DOUBLE_EQ(metrics.clip_direction.value(), 1);
  }
  EXPECT_DOUBLE_EQ(measure(reference, picture, both, {1, 1}, clip).clip_image.value(), 0);
}

TEST(Measure, ClipWithoutWhatItNeedsIsABug) {
  const Colours colours;
  const Image one = dot(1, 2, 3);
  test::expect_error(Exit::bug, [&] { (void)measure(one, one, both); }, "features");
  test::expect_error(
      Exit::bug, [&] { (void)measure(one, one, both, {}, {.features = &colours}); }, "captions");
}

}  // namespace
}  // namespace ip2p
