// progress_test.cpp - how long is left, in words.
#include "progress.h"

#include <gtest/gtest.h>

namespace ip2p::cli {
namespace {

TEST(TimeLeft, HasTheUnitThatAPersonWouldChoose) {
  EXPECT_EQ(time_left(3.21), "3.2 s left");
  EXPECT_EQ(time_left(119.4), "119 s left");
  EXPECT_EQ(time_left(120), "2 min left");
  EXPECT_EQ(time_left(3599), "59 min left");
  EXPECT_EQ(time_left(3600), "1 h 0 min left");
  EXPECT_EQ(time_left(7530), "2 h 5 min left");
}

}  // namespace
}  // namespace ip2p::cli
