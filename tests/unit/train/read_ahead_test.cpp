// read_ahead_test.cpp - results in order, no more than asked for, whatever the threads do.
#include "read_ahead.h"

#include <atomic>
#include <chrono>
#include <stdexcept>

#include <gtest/gtest.h>

#include "growing_file.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

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

TEST(GrowingFile, IsThereWhenItIsFinished) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "a" / "b";
  {
    GrowingFile file(path, 10);
    file.write(3, Bytes{1, 2});
    EXPECT_FALSE(fs::exists(path));
    expect_error(Exit::file, [&] { GrowingFile second(path, 10); }, "is being written by another");
    file.finish();
  }
  EXPECT_EQ(read_file(path), (Bytes{0, 0, 0, 1, 2, 0, 0, 0, 0, 0}));
  {
    const GrowingFile dropped(folder / "c", 10);
  }
  EXPECT_FALSE(fs::exists(folder / "c"));
  EXPECT_FALSE(fs::exists(folder / "c.partial"));
}

}  // namespace
}  // namespace ip2p
