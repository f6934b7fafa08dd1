// batches_test.cpp - what is in batch n, whoever asks, from where on, and with how many threads.
#include "ip2p/train/batches.h"

#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ip2p/image/resample.h"

#include "data_set.h"
#include "support/expected_warnings.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::DataSet;
using test::expect_error;
using test::ExpectedWarnings;
using test::number_of;
using test::pooled;
using test::same;
using torch::Tensor;

constexpr float close_enough = 1e-5F;
constexpr float half_precision = 1e-3F;  // of the cache, for values below 1

/// What an item must hold, from its instruction and its place alone. `unit` is what a crop's corner
/// is a multiple of: 1 pixel, or a latent of the cache.
Tensor expected_latents(const TrainConfig& config, const Batch& batch, std::size_t item,
                        std::uint32_t which, std::int64_t pixels, std::int64_t unit) {
  const Place& place = batch.places[item];
  Tensor picture =
      to_tensor(test::noise_image(2 * number_of(batch.instructions[item]) + which));  // (1,3,H,W)
  if (config.flip && draw_uniform(place, Purpose::flip) < 0.5) picture = picture.flip(3);
  const std::int64_t places = (config.resolution - pixels) / unit + 1;
  const auto corner = [&](Purpose purpose) {
    return unit * static_cast<std::int64_t>(
                      draw_below(place, purpose, static_cast<std::uint64_t>(places)));
  };
  return pooled(picture.narrow(2, corner(Purpose::crop_y), pixels)
                    .narrow(3, corner(Purpose::crop_x), pixels))[0];
}

void expect_close(const Tensor& got, const Tensor& expected, float tolerance) {
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LT((got - expected).abs().max().item<float>(), tolerance);
}

/// Crops and squares, from a cache or from pictures.
class EitherSource : public testing::TestWithParam<bool> {
 protected:
  EitherSource() : data_(10) {
    data_.config.cache_latents = GetParam();
    data_.config.crops = {{.pixels = 32, .batch = 3, .share = 2},
                          {.pixels = test::side, .batch = 4, .share = 1}};
  }
  DataSet data_;
};

TEST_P(EitherSource, ShowsBothPicturesThroughTheSameWindow) {
  const auto batches = data_.batches();
  std::set<bool> flips;
  std::set<std::uint64_t> corners;
  for (std::uint64_t n = 0; n < 12; ++n) {
    const Batch batch = batches->next();
    const std::int64_t pixels = n % 3 == 2 ? test::side : 32;
    ASSERT_EQ(batch.places.size(), n % 3 == 2 ? 4U : 3U);
    ASSERT_EQ(batch.image.dtype(), torch::kFloat32);
    for (std::size_t item = 0; item < batch.places.size(); ++item) {
      const auto index = static_cast<std::int64_t>(item);
      EXPECT_EQ(batch.places[item].batch, n);
      EXPECT_EQ(batch.places[item].item, item);
      const std::int64_t unit = GetParam() ? test::pixels_per_latent : 1;
      const float tolerance = GetParam() ? half_precision : close_enough;
      expect_close(batch.image[index], expected_latents(data_.config, batch, item, 0, pixels, unit),
                   tolerance);
      expect_close(batch.target[index],
                   expected_latents(data_.config, batch, item, 1, pixels, unit), tolerance);
      flips.insert(draw_uniform(batch.places[item], Purpose::flip) < 0.5);
      corners.insert(draw_below(batch.places[item], Purpose::crop_x, 5));
    }
  }
  EXPECT_EQ(flips.size(), 2U);
  EXPECT_GT(corners.size(), 3U);
}

TEST_P(EitherSource, GivesTheSameBatchesFromAnyStartAndWithAnyNumberOfThreads) {
  std::vector<Batch> undisturbed;
  for (const auto batches = data_.batches(); undisturbed.size() < 12;)
    undisturbed.push_back(batches->next());
  for (const std::int64_t threads : {1, 3}) {
    data_.config.reader_threads = threads;
    for (const std::uint64_t first : {0U, 1U, 5U, 7U}) {
      const auto batches = data_.batches(first);
      for (std::uint64_t n = first; n < undisturbed.size(); ++n)
        ASSERT_TRUE(same(batches->next(), undisturbed[n])) << n << " of " << first << " on";
    }
  }
  data_.config.seed = 6;
  EXPECT_FALSE(same(data_.batches()->next(), undisturbed[0]));
}

TEST_P(EitherSource, GivesSeveralProcessesTheBatchesOfOne) {
  const auto all = data_.batches();
  const auto even = data_.batches(0, {.rank = 0, .world = 2});
  const auto odd = data_.batches(0, {.rank = 1, .world = 2});
  for (int n = 0; n < 6; ++n) {
    const Batch whole = all->next();
    const std::array parts{even->next(), odd->next()};
    ASSERT_EQ(parts[0].places.size() + parts[1].places.size(), whole.places.size());
    for (std::size_t item = 0; item < whole.places.size(); ++item) {
      const Batch& part = parts.at(item % 2);
      const auto at = static_cast<std::int64_t>(item / 2);
      const auto index = static_cast<std::int64_t>(item);
      EXPECT_TRUE(torch::equal(part.image[at], whole.image[index]));
      EXPECT_TRUE(torch::equal(part.target[at], whole.target[index]));
      EXPECT_EQ(part.instructions[item / 2], whole.instructions[item]);
      EXPECT_EQ(part.places[item / 2].item, item);
    }
  }
}

TEST_P(EitherSource, ShowsEveryExampleOnceARound) {
  const auto batches = data_.batches();
  std::map<std::string, int> seen;
  for (int n = 0; n < 9; ++n)  // three turns of 10 items
    for (const std::string& instruction : batches->next().instructions) ++seen[instruction];
  EXPECT_EQ(seen.size(), 10U);
  for (const auto& [instruction, times] : seen) EXPECT_EQ(times, 3) << instruction;
}

TEST_P(EitherSource, ShowsWholeExamplesInWholeSquaresOnly) {
  for (const std::size_t i : {1U, 4U, 7U}) data_.examples[i].whole = true;
  const auto batches = data_.batches();
  std::set<std::uint32_t> in_crops;
  std::set<std::uint32_t> in_squares;
  for (int n = 0; n < 30; ++n)
    for (const std::string& instruction : batches->next().instructions)
      (n % 3 == 2 ? in_squares : in_crops).insert(number_of(instruction));
  EXPECT_THAT(in_crops, testing::ElementsAre(0, 2, 3, 5, 6, 8, 9));
  EXPECT_EQ(in_squares.size(), 10U);
}

TEST_P(EitherSource, LeavesWholeExamplesOutWhereThereAreNoWholeSquares) {
  data_.config.crops.pop_back();
  data_.examples[3].whole = true;
  ExpectedWarnings warnings;
  const auto batches = data_.batches();
  std::set<std::uint32_t> seen;
  for (int n = 0; n < 9; ++n)
    for (const std::string& instruction : batches->next().instructions)
      seen.insert(number_of(instruction));
  EXPECT_EQ(seen.size(), 9U);
  EXPECT_FALSE(seen.contains(3));
  ASSERT_EQ(warnings.sentences().size(), 1U);
  EXPECT_THAT(warnings.sentences()[0], testing::HasSubstr("1 examples are left out"));
  for (Example& example : data_.examples) example.whole = true;
  expect_error(Exit::file, [&] { (void)data_.batches(); }, "no examples that could be seen");
}

TEST_P(EitherSource, DrawsAWording) {
  for (Example& example : data_.examples) example.instructions = {"edit 1", "edit 2", "edit 3"};
  const auto batches = data_.batches();
  std::set<std::string> seen;
  for (int n = 0; n < 12; ++n)
    for (const std::string& instruction : batches->next().instructions) seen.insert(instruction);
  EXPECT_EQ(seen.size(), 3U);
}

TEST_P(EitherSource, ResizesTheShorterSideAndCutsTheMiddle) {
  const Image wide = test::noise_image(1, 200, 100);
  const Image tall = test::noise_image(2, 90, 150);
  data_.config.crops.clear();
  data_.config.flip = false;
  data_.config.batch = 2;
  data_.examples.resize(2);
  for (const fs::path& path : {data_.examples[0].input, data_.examples[0].edited})
    DataSet::put(path, wide);
  for (const fs::path& path : {data_.examples[1].input, data_.examples[1].edited})
    DataSet::put(path, tall);
  const Batch batch = data_.batches()->next();
  for (std::size_t item = 0; item < 2; ++item) {
    const Image& picture = number_of(batch.instructions[item]) == 0 ? wide : tall;
    const auto index = static_cast<std::int64_t>(item);
    expect_close(batch.image[index],
                 pooled(to_tensor(fit_crop(picture, test::side, test::side)))[0], half_precision);
    EXPECT_TRUE(torch::equal(batch.image[index], batch.target[index]));
  }
}

TEST_P(EitherSource, RefusesSizesThatAreNoLatents) {
  data_.config.crops[0].pixels = 40;
  expect_error(
      Exit::usage, [&] { (void)data_.batches(); },
      "crops[0].pixels: expected a multiple of 16 (the bundle's size_multiple), got 40");
  data_.config.crops[0].pixels = 32;
  expect_error(
      Exit::usage, [&] { (void)data_.batches(0, {.rank = 0, .world = 4}); },
      "batch: expected at least one example for each of 4 processes, got 3");
}

INSTANTIATE_TEST_SUITE_P(Batches, EitherSource, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "cached" : "fresh"; });

TEST(Batches, AreTheSameWithAndWithoutTheCacheWhereCropsLieOnTheGrid) {
  DataSet data(6);  // whole squares lie on any grid
  const auto cached = data.batches();
  data.config.cache_latents = false;
  const auto fresh = data.batches();
  for (int n = 0; n < 6; ++n) {
    const Batch a = cached->next();
    const Batch b = fresh->next();
    expect_close(a.image, b.image, half_precision);
    expect_close(a.target, b.target, half_precision);
    EXPECT_EQ(a.instructions, b.instructions);
  }
}

/// More examples than a hundred, so that one of them may be damaged.
class DamagedExamples : public EitherSource {
 protected:
  DamagedExamples() {
    const std::vector<Example> few = data_.examples;
    while (data_.examples.size() < 120) {
      data_.examples.push_back(few[data_.examples.size() % few.size()]);
      data_.examples.back().instructions = {"edit " + std::to_string(data_.examples.size() - 1)};
    }
  }
  std::set<std::uint32_t> seen(Batches& batches) {
    std::set<std::uint32_t> numbers;
    for (int n = 0; n < 45; ++n) {  // more than a round of 120
      const Batch batch = batches.next();
      EXPECT_EQ(batch.instructions.size(), n % 3 == 2 ? 4U : 3U);
      for (const std::string& instruction : batch.instructions)
        numbers.insert(number_of(instruction));
    }
    return numbers;
  }
};

TEST_P(DamagedExamples, AreNamedOnceCountedAndReplaced) {
  const fs::path rubbish = data_.folder() / "rubbish.png";
  DataSet::put_rubbish(rubbish);
  data_.examples[17].edited = rubbish;
  for (const std::int64_t threads : {1, 3}) {
    data_.config.reader_threads = threads;
    ExpectedWarnings warnings;
    const auto batches = data_.batches();
    const std::set<std::uint32_t> numbers = seen(*batches);
    EXPECT_EQ(numbers.size(), 119U);
    EXPECT_FALSE(numbers.contains(17));
    EXPECT_EQ(batches->damaged(), 1U);
    ASSERT_EQ(warnings.sentences().size(), 1U);
    EXPECT_THAT(warnings.sentences()[0], testing::HasSubstr(rubbish.string()));
  }
}

TEST_P(DamagedExamples, ArePairsOfTwoSizesToo) {
  const fs::path other = data_.folder() / "other.png";
  DataSet::put(other, test::noise_image(1, test::side, test::side + 1));
  data_.examples[17].edited = other;
  ExpectedWarnings warnings;
  const auto batches = data_.batches();
  EXPECT_FALSE(seen(*batches).contains(17));
  ASSERT_EQ(warnings.sentences().size(), 1U);
  EXPECT_THAT(warnings.sentences()[0],
              testing::AllOf(testing::HasSubstr("64x64"), testing::HasSubstr("64x65"),
                             testing::HasSubstr(other.string())));
}

TEST_P(DamagedExamples, AreReplacedAlikeFromAnyStart) {
  data_.examples[17].input = data_.folder() / "missing.png";
  ExpectedWarnings warnings;
  const auto batches = data_.batches();
  std::vector<Batch> undisturbed;
  for (int n = 0; n < 45; ++n) undisturbed.push_back(batches->next());
  for (std::uint64_t n = 0; n < undisturbed.size(); n += 4)
    EXPECT_TRUE(same(data_.batches(n)->next(), undisturbed[n])) << n;
}

TEST_P(DamagedExamples, EndTheRunWhenTheyAreMoreThanOneInAHundred) {
  data_.examples[17].input = data_.folder() / "missing.png";
  data_.examples[90].input = data_.folder() / "gone.png";
  ExpectedWarnings warnings;
  expect_error(
      Exit::file,
      [&] {
        const auto batches = data_.batches();
        (void)seen(*batches);
      },
      "2 of 120 examples cannot be used", ".png");
}

TEST_P(DamagedExamples, EndASmallRunAtTheFirst) {
  data_.examples.resize(99);
  data_.examples[17].input = data_.folder() / "missing.png";
  expect_error(
      Exit::file,
      [&] {
        const auto batches = data_.batches();
        (void)seen(*batches);
      },
      "1 of 99 examples cannot be used", "missing.png");
}

INSTANTIATE_TEST_SUITE_P(Batches, DamagedExamples, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "cached" : "fresh"; });

TEST(Batches, HandOnWhatTheEncoderThrows) {
  DataSet data(4);
  data.config.cache_latents = false;
  Batches batches(
      data.config, data.examples, test::grid(),
      [](const Tensor&) -> Tensor { throw Error(Exit::device, "no memory"); }, {}, 0);
  for (int again = 0; again < 2; ++again)
    expect_error(Exit::device, [&] { (void)batches.next(); }, "no memory");
  data.config.cache_latents = true;
  expect_error(
      Exit::bug,
      [&] {
        Batches(
            data.config, data.examples, test::grid(), [](const Tensor& pixels) { return pixels; },
            {}, 0);
      },
      "expected shape [8, 3, 8, 8], got [8, 3, 64, 64]");
}

}  // namespace
}  // namespace ip2p
