// junit_test.cpp - what a failure says, where runs of the program seldom fail so.
#include "ip2p/regress/junit.h"

#include <gmock/gmock.h>

namespace ip2p {
namespace {

using testing::HasSubstr;

TEST(Junit, AFailureSaysItsReasonItsLimitsAndItsWorstPixels) {
  CaseResult result{
      .name = "cat", .request = {}, .picture = "run/cat.png", .verdict = {}, .repeats = {}};
  result.verdict.verdict = Verdict::fails;
  result.verdict.reason = "in repeat 2";
  const auto part = [](const std::string& region, int worst, double ssim) {
    MeasuredPart made{.region = region, .metrics = {}, .judged = {}};
    made.metrics.pixels.worst = {.value = worst, .x = 10, .y = 20, .channel = 'G'};
    made.metrics.ssim = ssim;
    made.judged = judge(made.metrics, limits_from_json({{"max_abs", 3}, {"ssim", 0.95}}));
    return made;
  };
  result.verdict.parts = {part("", 40, 0.94998), part("sky", 3, 1), part("nose", 4, 0.9501)};
  const std::string words =
      "in repeat 2; max_abs 40 is above 3, ssim 0.94998 is below 0.95, worst pixel 40 of 255 (G at "
      "10, 20); nose: max_abs 4 is above 3, worst pixel 4 of 255 (G at 10, 20)";
  const std::string xml = junit_xml("suite", {result});
  EXPECT_THAT(xml, HasSubstr("message=\"" + words + "\">" + words + "</failure>"));
  EXPECT_THAT(xml, HasSubstr("ssim_found: 0.94998&#10;"));
}

}  // namespace
}  // namespace ip2p
