// measure_words_test.cpp - sentences that do not contradict themselves by rounding.
#include "ip2p/compare/measure_words.h"

#include <cmath>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(MeasureWords, ABrokenLimitAndWhatWasFoundAreToldApart) {
  const auto words = [](double found, double limit, bool at_least) {
    const std::vector<std::string> broken = broken_words(
        {{.metric = "m", .found = found, .limit = limit, .at_least = at_least, .holds = false}});
    return broken.at(0);
  };
  EXPECT_EQ(words(12, 11, false), "m 12 is above 11");
  EXPECT_EQ(words(0.94, 0.95, true), "m 0.94 is below 0.95");
  EXPECT_EQ(words(0.94998, 0.95, true), "m 0.94998 is below 0.95");
  EXPECT_EQ(words(0.950000001, 0.95, false), "m 0.950000001 is above 0.95");
  EXPECT_EQ(words(0.123456, 0.123, true), "m 0.1235 is below 0.123");
  // Neighbours differ in their last bit only.
  const double next = std::nextafter(0.1, 1);
  EXPECT_EQ(words(next, 0.1, false), "m 0.10000000000000002 is above 0.10000000000000001");
  EXPECT_TRUE(broken_words({{.metric = "m", .found = 1, .limit = 1, .holds = true}}).empty());
}

TEST(MeasureWords, SayWhatWasMeasuredAndThenWhatIsWrong) {
  Metrics metrics;
  EXPECT_EQ(measured_words(metrics, {}), "equal");
  metrics.pixels.worst = {.value = 40, .x = 10, .y = 20, .channel = 'G'};
  metrics.pixels.mean_abs = 0.123456;
  metrics.pixels.mean_square = 255.0 * 255;
  metrics.ssim = 0.94998;
  const std::vector<Judged> judged = judge(metrics, limits_from_json({{"ssim", 0.95}}));
  EXPECT_TRUE(judged.at(0).at_least);
  EXPECT_EQ(measured_words(metrics, judged),
            "up to 40 of 255 (G at 10, 20), mean 0.1235, psnr 0 dB, ssim 0.95; "
            "ssim 0.94998 is below 0.95");
}

}  // namespace
}  // namespace ip2p
