// batch_sizes_test.cpp - how many together: what pays, and what fits.
#include "batch_sizes.h"

#include <gtest/gtest.h>

namespace ip2p {
namespace {

const AlikeKey key{64, 64, "ddim", 20, 2.0, 1.2};

/// Full runs, each picture costing what `each_s` says of its size, until the size stays.
template <class EachSeconds>
std::size_t settled(BatchSizes& sizes, EachSeconds each_s) {
  for (int run = 0; run < 100; ++run) {
    const std::size_t count = sizes.limit(key);
    sizes.took(key, count, static_cast<double>(count) * each_s(count));
  }
  return sizes.limit(key);
}

TEST(BatchSizes, StaysAtOneWhereNothingIsGained) {
  BatchSizes sizes(0, 8);
  EXPECT_EQ(settled(sizes, [](std::size_t) { return 1.0; }), 1U);
}

TEST(BatchSizes, GrowsToTheLargestWhereEachDoublingPays) {
  BatchSizes sizes(0, 8);
  EXPECT_EQ(settled(sizes, [](std::size_t count) { return 1.0 / static_cast<double>(count); }), 8U);
}

TEST(BatchSizes, GoesBackToTheSizeThatWasBest) {
  BatchSizes sizes(0, 64);
  EXPECT_EQ(settled(sizes,
                    [](std::size_t count) {
                      return count <= 4 ? 1.0 / static_cast<double>(count) : 0.3;
                    }),
            4U);
}

TEST(BatchSizes, TheFirstRunOfASizeIsNotHeldAgainstIt) {
  BatchSizes sizes(0, 2);
  std::size_t runs_of_two = 0;
  for (int run = 0; run < 20; ++run) {
    const std::size_t count = sizes.limit(key);
    const bool cold = count == 2 && runs_of_two++ == 0;
    sizes.took(key, count, cold ? 100 : count == 2 ? 1.2 : 1.0);
  }
  EXPECT_EQ(sizes.limit(key), 2U);
}

TEST(BatchSizes, AGroupThatWasNotFullSaysNothing) {
  BatchSizes sizes(0, 8);
  for (int run = 0; run < 3; ++run) sizes.took(key, 1, 1.0);
  ASSERT_EQ(sizes.limit(key), 2U);
  for (int run = 0; run < 9; ++run) sizes.took(key, 1, 100.0);
  EXPECT_EQ(sizes.limit(key), 2U);
}

TEST(BatchSizes, AFixedSizeStays) {
  BatchSizes sizes(5, 8);
  EXPECT_EQ(settled(sizes, [](std::size_t) { return 1.0; }), 5U);
}

TEST(BatchSizes, MemoryThatRanOutHalvesTheSizeForGoodAndIsNewsOnce) {
  BatchSizes sizes(8, 8);
  EXPECT_TRUE(sizes.ran_out(key, 8));
  EXPECT_EQ(sizes.limit(key), 4U);
  EXPECT_FALSE(sizes.ran_out(key, 8)) << "another device had it in hand already";
  EXPECT_TRUE(sizes.ran_out(key, 4));
  EXPECT_EQ(settled(sizes, [](std::size_t count) { return 1.0 / static_cast<double>(count); }), 2U);
}

TEST(BatchSizes, GrowthStopsWhereMemoryEnded) {
  BatchSizes sizes(0, 64);
  const auto paying = [](std::size_t count) { return 1.0 / static_cast<double>(count); };
  while (sizes.limit(key) < 16) sizes.took(key, sizes.limit(key), 1.0);
  EXPECT_TRUE(sizes.ran_out(key, 16));
  EXPECT_EQ(settled(sizes, paying), 8U);
}

TEST(BatchSizes, WhatFitsIsAMatterOfTheSizeWhateverTheOptions) {
  BatchSizes sizes(8, 8);
  const AlikeKey other_scale{64, 64, "ddim", 20, 3.0, 1.2};
  EXPECT_TRUE(sizes.ran_out(key, 8));
  EXPECT_EQ(sizes.limit(other_scale), 4U);
  EXPECT_FALSE(sizes.ran_out(other_scale, 8)) << "said already";
}

TEST(BatchSizes, KeysHaveSizesOfTheirOwn) {
  BatchSizes sizes(4, 8);
  const AlikeKey other{128, 64, "ddim", 20, 2.0, 1.2};
  EXPECT_TRUE(sizes.ran_out(other, 4));
  EXPECT_EQ(sizes.limit(other), 2U);
  EXPECT_EQ(sizes.limit(key), 4U);
}

}  // namespace
}  // namespace ip2p
