// lru_cache_test.cpp - what is kept, what goes, and what is made again.
#include "ip2p/base/lru_cache.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(LruCache, ForgetsWhatWasNotAskedForLongest) {
  std::vector<std::string> made;
  LruCache<int> cache(2);
  const auto get = [&](const std::string& key) {
    return cache.get(key, [&] {
      made.push_back(key);
      return static_cast<int>(made.size());
    });
  };
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("b"), 2);
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("c"), 3);  // b goes
  EXPECT_EQ(get("a"), 1);
  EXPECT_EQ(get("b"), 4);
  EXPECT_EQ(made, (std::vector<std::string>{"a", "b", "c", "b"}));
}

TEST(LruCache, KeepsNothingOfAFailure) {
  LruCache<int> cache(2);
  EXPECT_THROW(cache.get("a", []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(cache.get("a", [] { return 5; }), 5);
}

}  // namespace
}  // namespace ip2p
