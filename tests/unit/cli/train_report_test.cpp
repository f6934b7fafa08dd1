// train_report_test.cpp - how often a log hears of a training run, and what.
#include "train_report.h"

#include <gtest/gtest.h>

namespace ip2p::cli {
namespace {

using std::chrono::seconds;

TEST(MinuteLines, ComeOnceAMinute) {
  const MinuteLines::Clock::time_point begin;
  MinuteLines lines(begin);
  EXPECT_EQ(lines.line("loss 0.5000, step", 1, 1000, begin + seconds(10)), std::nullopt);
  EXPECT_EQ(lines.line("loss 0.5000, step", 50, 1000, begin + seconds(59)), std::nullopt);
  EXPECT_EQ(lines.line("loss 0.5000, step", 101, 1000, begin + seconds(60)),
            "loss 0.5000, step 101 of 1000, 7 min left");
  EXPECT_EQ(lines.line("loss 0.5000, step", 102, 1000, begin + seconds(119)), std::nullopt);
  EXPECT_NE(lines.line("loss 0.5000, step", 103, 1000, begin + seconds(120)), std::nullopt);
}

TEST(MinuteLines, BeginAnewWithAnotherRow) {
  const MinuteLines::Clock::time_point begin;
  MinuteLines lines(begin);
  (void)lines.line("encoding:", 90, 100, begin);
  (void)lines.line("held-out:", 1, 10, begin + seconds(50));
  EXPECT_EQ(lines.line("held-out:", 2, 10, begin + seconds(60)), "held-out: 2 of 10, 80 s left");
}

}  // namespace
}  // namespace ip2p::cli
