// draw_test.cpp - draws that are even, independent, and the same wherever they are made.
#include "ip2p/train/draw.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

std::vector<std::uint64_t> round_of(std::uint64_t seed, std::uint64_t round, std::uint64_t count) {
  std::vector<std::uint64_t> order;
  for (std::uint64_t i = 0; i < count; ++i)
    order.push_back(shuffled(seed, round * count + i, count));
  return order;
}

/// Sum of (observed - expected)^2 / expected.
double chi_squared(const std::vector<int>& counts) {
  const double expected =
      std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Shuffled, HoldsEveryElementOnceARound) {
  for (const std::uint64_t count : {1U, 2U, 3U, 7U, 64U, 255U, 256U, 257U, 1000U, 5000U})
    for (const std::uint64_t round : {0U, 1U, 9U}) {
      std::vector<std::uint64_t> order = round_of(5, round, count);
      std::ranges::sort(order);
      for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(order[i], i) << count << " " << round;
    }
}

TEST(Shuffled, DiffersBetweenRoundsAndSeeds) {
  const auto first = round_of(5, 0, 100);
  EXPECT_EQ(first, round_of(5, 0, 100));
  EXPECT_NE(first, round_of(5, 1, 100));
  EXPECT_NE(first, round_of(6, 0, 100));
  std::set<std::vector<std::uint64_t>> orders;
  for (std::uint64_t round = 0; round < 600; ++round) orders.insert(round_of(1, round, 4));
  EXPECT_EQ(orders.size(), 24U) << "all orders of four elements turn up";
}

TEST(Shuffled, PutsEveryElementInEveryPlaceAlike) {
  constexpr std::uint64_t count = 11;
  std::vector<int> seen(count * count);
  for (std::uint64_t round = 0; round < 2000; ++round) {
    const auto order = round_of(3, round, count);
    for (std::uint64_t i = 0; i < count; ++i) ++seen[order[i] * count + i];
  }
  EXPECT_LT(chi_squared(seen), 170);  // 100 degrees of freedom: 170 is beyond 99.999 %
}

TEST(Shuffled, TakesHugeListsInItsStride) {
  constexpr std::uint64_t count = (std::uint64_t{1} << 40U) + 1;
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(shuffled(1, i, count));
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_LT(*seen.rbegin(), count);
}

TEST(Draws, AreEven) {
  constexpr std::uint64_t bins = 50;
  std::vector<int> uniform(bins);
  std::vector<int> below(bins);
  double sum = 0;
  constexpr int draws = 50'000;
  for (int i = 0; i < draws; ++i) {
    const Place place{.seed = 1,
                      .batch = static_cast<std::uint64_t>(i / 8),
                      .item = static_cast<std::uint64_t>(i % 8)};
    const double value = draw_uniform(place, Purpose::timestep);
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
    ++uniform[static_cast<std::size_t>(value * bins)];
    const std::uint64_t number = draw_below(place, Purpose::crop_x, bins);
    ASSERT_LT(number, bins);
    ++below[number];
  }
  EXPECT_NEAR(sum / draws, 0.5, 0.007);  // five standard deviations
  EXPECT_LT(chi_squared(uniform), 100);  // 49 degrees of freedom
  EXPECT_LT(chi_squared(below), 100);
}

TEST(Draws, AreOthersForEveryPartOfThePlace) {
  const Place place{.seed = 1, .batch = 2, .item = 3};
  std::set<std::uint64_t> seen{draw_bits(place, Purpose::crop_x),
                               draw_bits(place, Purpose::crop_y),
                               draw_bits({.seed = 2, .batch = 2, .item = 3}, Purpose::crop_x),
                               draw_bits({.seed = 1, .batch = 3, .item = 3}, Purpose::crop_x),
                               draw_bits({.seed = 1, .batch = 2, .item = 2}, Purpose::crop_x),
                               draw_bits({.seed = 1, .batch = 3, .item = 2}, Purpose::crop_x)};
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_EQ(draw_bits(place, Purpose::flip), draw_bits(place, Purpose::flip));
}

TEST(Draws, OfNeighboursAreUncorrelated) {
  double product = 0;
  constexpr int draws = 20'000;
  for (std::uint64_t i = 0; i < draws; ++i) {
    const double here = draw_uniform({.seed = 9, .batch = i, .item = 0}, Purpose::noise) - 0.5;
    const double there = draw_uniform({.seed = 9, .batch = i, .item = 1}, Purpose::noise) - 0.5;
    product += here * there;
  }
  EXPECT_LT(std::abs(product / draws * 12), 5 / std::sqrt(draws));
}

}  // namespace
}  // namespace ip2p
