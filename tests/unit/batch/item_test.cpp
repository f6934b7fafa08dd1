// item_test.cpp - seeds that belong to an input, wherever and whenever it is edited.
#include "ip2p/batch/item.h"

#include <cstdint>
#include <set>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

BatchItem item_called(const std::string& id) {
  BatchItem item;
  item.id = id;
  return item;
}

// Computed by another program: a change of these is a change of every picture ever made.
TEST(ItemSeed, IsTheSameInEveryVersion) {
  EXPECT_EQ(item_seed(item_called("a.png"), 0), 2257318920U);
  EXPECT_EQ(item_seed(item_called("a.png"), 1), 2530748249U);
  EXPECT_EQ(item_seed(item_called("b.png"), 0), 316471547U);
  EXPECT_EQ(item_seed(item_called("für/雪 1.png"), 7), 1556448266U);
}

TEST(ItemSeed, DoesNotDependOnThePlace) {
  BatchItem item = item_called("a.png");
  item.input = "/elsewhere/a.png";
  item.line = 17;
  item.edit = 3;
  item.instruction = "make it snow";
  EXPECT_EQ(item_seed(item, 0), item_seed(item_called("a.png"), 0));
}

TEST(ItemSeed, CountsVariationsUpward) {
  BatchItem item = item_called("a.png");
  const std::uint64_t first = item_seed(item, 5);
  item.variation = 3;
  EXPECT_EQ(item_seed(item, 5), first + 3);
}

TEST(ItemSeed, IsTheJobsWhereItGivesOne) {
  BatchItem item = item_called("a.png");
  item.options.seed = 0xffff'ffff'ffff'fff0U;
  item.variation = 2;
  EXPECT_EQ(item_seed(item, 5), 0xffff'ffff'ffff'fff2U);
}

TEST(ItemSeed, DiffersBetweenInputs) {
  constexpr int inputs = 2000;
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < inputs; ++i) {
    const std::uint64_t seed = item_seed(item_called(std::to_string(i) + ".png"), 0);
    EXPECT_LT(seed, std::uint64_t{1} << 32U);
    seeds.insert(seed);
  }
  EXPECT_EQ(seeds.size(), inputs);
}

}  // namespace
}  // namespace ip2p
