// read_ahead_test.cpp - results in order, no more than asked for, whatever the threads do.
#include "read_ahead.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(ReadAhead, KeepsTheOrder) {
  ReadAhead<std::uint64_t> reader(
      [](std::uint64_t number) {
        std::this_thread::sleep_for(std::chrono::microseconds(number * 7919 % 500));
        return number * 10;
      },
      5, 200, 4, 6);
  for (std::uint64_t number = 5; number < 200; ++number) EXPECT_EQ(reader.next(), number * 10);
}

TEST(ReadAhead, ReadsNoFurtherThanItsCapacity) {
  std::atomic<int> made = 0;
  ReadAhead<int> reader([&](std::uint64_t) { return ++made; }, 0, ReadAhead<int>::endless, 3, 4);
  (void)reader.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(made, 5);
}

TEST(ReadAhead, FailsWhereTheFailureIsAndStays) {
  ReadAhead<int> reader(
      [](std::uint64_t number) {
        if (number == 2) throw std::runtime_error("no");
        return static_cast<int>(number);
      },
      0, ReadAhead<int>::endless, 3, 8);
  EXPECT_EQ(reader.next(), 0);
  EXPECT_EQ(reader.next(), 1);
  EXPECT_THROW((void)reader.next(), std::runtime_error);
  EXPECT_THROW((void)reader.next(), std::runtime_error);
}

}  // namespace
}  // namespace ip2p
