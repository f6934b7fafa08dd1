// regress_report_test.cpp - a run in words: nothing that is wrong is left out.
#include "regress_report.h"

#include <gtest/gtest.h>

namespace ip2p::cli {
namespace {

TEST(FailureTable, HasEveryReasonAndEveryBrokenLimit) {
  CaseResult result{
      .name = "cat", .request = {}, .picture = "cat.png", .verdict = {}, .repeats = {}};
  result.verdict.verdict = Verdict::fails;
  result.verdict.reason = "in repeat 2";
  MeasuredPart& part = result.verdict.parts.emplace_back();
  part.metrics.pixels.worst = {.value = 40, .x = 10, .y = 20, .channel = 'G'};
  part.metrics.ssim = 0.94998;
  part.judged = judge(part.metrics, limits_from_json({{"max_abs", 40}, {"ssim", 0.95}}));
  EXPECT_EQ(failure_table({result}),
            "case  verdict  metric  found    limit\n"
            "cat   fail     in repeat 2\n"
            "cat   fail     ssim    0.94998  0.95\n");
  EXPECT_EQ(result_line(result),
            "fail cat: in repeat 2: up to 40 of 255 (G at 10, 20), mean 0, psnr inf dB, ssim 0.95; "
            "ssim 0.94998 is below 0.95");
  result.verdict.verdict = Verdict::passes;
  EXPECT_EQ(failure_table({result}), "");
}

}  // namespace
}  // namespace ip2p::cli
