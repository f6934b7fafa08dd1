// latent_cache_test.cpp - the file of latents: made once, found again, never half.
#include <chrono>
#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_set.h"
#include "support/expected_warnings.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::DataSet;
using test::expect_error;
using test::same;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  return files;
}

class LatentFile : public testing::Test {
 protected:
  LatentFile() : data_(5), first_(data_.batches()->next()), encoded_first_(data_.encoded()) {}

  [[nodiscard]] fs::path folder() const { return data_.folder() / "out" / "latents"; }

  /// How many pictures the next run encodes.
  std::int64_t encoded_again() {
    const std::int64_t before = data_.encoded();
    const Batch batch = data_.batches()->next();
    EXPECT_TRUE(same(batch, first_));
    return data_.encoded() - before;
  }

  DataSet data_;
  Batch first_;
  std::int64_t encoded_first_;
};

TEST_F(LatentFile, HoldsEveryPictureBothWaysRound) {
  EXPECT_EQ(encoded_first_, 2 * 5 * 2);
  ASSERT_EQ(files_in(folder()).size(), 1U);
  // header, the pictures' sizes, and 20 of 3x8x8 float16
  EXPECT_EQ(fs::file_size(files_in(folder())[0]), 64U + 128U + 20U * 3 * 8 * 8 * 2);
}

TEST_F(LatentFile, EncodesAPictureOfSeveralExamplesOnce) {
  data_.examples[1].input = data_.examples[0].input;
  data_.examples[2].input = data_.examples[0].input;
  data_.config.flip = false;
  (void)data_.batches()->next();
  EXPECT_EQ(data_.encoded() - encoded_first_, 8);
}

TEST_F(LatentFile, IsFoundAgain) {
  EXPECT_EQ(encoded_again(), 0);
}

TEST_F(LatentFile, IsMadeAnewAfterAPictureChanged) {
  fs::last_write_time(data_.examples[2].input,
                      fs::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_EQ(encoded_again(), encoded_first_);
  DataSet::put(data_.examples[3].edited, test::noise_image(77, 96, 96));
  DataSet::put(data_.examples[3].input, test::noise_image(78, 96, 96));
  const std::int64_t before = data_.encoded();
  EXPECT_NO_THROW((void)data_.batches()->next());
  EXPECT_EQ(data_.encoded() - before, encoded_first_);
}

TEST_F(LatentFile, IsAnotherForAnotherEncoderSizeOrFlip) {
  LatentGrid other = test::grid();
  other.encoder_hash = "another";
  (void)Batches(data_.config, data_.examples, other, data_.encode(), {}, 0).next();
  EXPECT_EQ(data_.encoded(), 2 * encoded_first_);
  data_.config.resolution = 32;
  (void)data_.batches()->next();
  EXPECT_EQ(data_.encoded(), 3 * encoded_first_);
  data_.config.flip = false;
  (void)data_.batches()->next();
  EXPECT_EQ(data_.encoded(), 3 * encoded_first_ + encoded_first_ / 2);
  EXPECT_EQ(files_in(folder()).size(), 4U);
}

TEST_F(LatentFile, IsMadeAnewWhenItIsCutOrOfAnotherKind) {
  const fs::path file = files_in(folder())[0];
  for (const std::uintmax_t bytes :
       {fs::file_size(file) - 1, std::uintmax_t{64}, std::uintmax_t{0}}) {
    fs::resize_file(file, bytes);
    EXPECT_EQ(encoded_again(), encoded_first_) << bytes;
  }
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary) << "other";
  EXPECT_EQ(encoded_again(), encoded_first_);
}

TEST_F(LatentFile, IsNotThereWhenItsMakingFailed) {
  data_.config.resolution = 32;
  const EncodePixels fails = [](const torch::Tensor&) -> torch::Tensor {
    throw Error(Exit::device, "no memory");
  };
  expect_error(
      Exit::device, [&] { Batches(data_.config, data_.examples, test::grid(), fails, {}, 0); },
      "no memory");
  EXPECT_EQ(files_in(folder()).size(), 1U) << "the first one alone, and nothing unfinished";
}

TEST_F(LatentFile, TakesOverWhatAKilledRunLeft) {
  const fs::path file = files_in(folder())[0];
  fs::rename(file, file.string() + ".partial");
  EXPECT_EQ(encoded_again(), encoded_first_);
  EXPECT_EQ(files_in(folder()), std::vector{file});
}

TEST_F(LatentFile, IsGoneOnWithAfterAStop) {
  DataSet data(12);  // 24 pictures, in groups of 8
  const Batch whole = data.batches()->next();
  const std::int64_t all = data.encoded();
  const fs::path file = files_in(data.folder() / "out" / "latents")[0];
  const Bytes undisturbed = read_file(file);
  fs::remove(file);

  std::vector<std::size_t> told;
  const ReadingWatch stop_at_once{.listed = 0,
                                  .warns = true,
                                  .encoded =
                                      [&](std::size_t done, std::size_t of) {
                                        EXPECT_EQ(of, 24U);
                                        told.push_back(done);
                                      },
                                  .stopping = [] { return true; }};
  const auto start = [&](const ReadingWatch& watch) {
    return Batches(data.config, data.examples, test::grid(), data.encode(), {}, 0, watch).next();
  };
  expect_error(Exit::interrupted, [&] { (void)start(stop_at_once); }, "8 of 24 pictures encoded");
  EXPECT_EQ(told.back(), 8U);
  EXPECT_FALSE(fs::exists(file));
  expect_error(Exit::interrupted, [&] { (void)start(stop_at_once); }, "16 of 24 pictures encoded");
  EXPECT_TRUE(same(start({}), whole));
  EXPECT_EQ(data.encoded(), 2 * all) << "each picture was encoded once more, and not twice";
  EXPECT_EQ(read_file(file), undisturbed);
}

TEST_F(LatentFile, IsMadeByOneProcessForAll) {
  data_.config.resolution = 32;
  auto waiting = std::async(std::launch::async, [this] {
    const EncodePixels never = [](const torch::Tensor&) -> torch::Tensor {
      throw Error(Exit::bug, "only process 0 encodes");
    };
    return Batches(data_.config, data_.examples, test::grid(), never, {.rank = 1, .world = 2}, 0)
        .next();
  });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  const Batch mine = data_.batches(0, {.rank = 0, .world = 2})->next();
  const Batch theirs = waiting.get();
  EXPECT_EQ(mine.places[0].item, 0U);
  EXPECT_EQ(theirs.places[0].item, 1U);
  EXPECT_EQ(data_.encoded(), 2 * encoded_first_);
}

TEST_F(LatentFile, SaysWhenItCannotBeWritten) {
  data_.config.output = data_.examples[0].input.string();  // a file where a folder should be
  expect_error(Exit::file, [&] { (void)data_.batches(); }, "cannot make the folder", "in-0.png");
}

}  // namespace
}  // namespace ip2p
