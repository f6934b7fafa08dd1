// spread_test.cpp - the worst of several, limits beyond it, and repeats that change a verdict.
#include "ip2p/regress/spread.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ip2p/image/write.h"
#include "ip2p/regress/repeats.h"

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

Metrics metrics_of(int max_abs, double mean_abs, double ssim, double flip) {
  Metrics metrics;
  metrics.pixels.worst.value = max_abs;
  metrics.pixels.mean_abs = mean_abs;
  metrics.pixels.mean_square = mean_abs;
  metrics.pixels.pixels = 1;
  metrics.pixels.histogram.at(static_cast<std::size_t>(max_abs)) = 1;
  metrics.ssim = ssim;
  metrics.flip = flip;
  return metrics;
}

TEST(Spread, IsTheWorstOfEachMetric) {
  Spread spread;
  EXPECT_EQ(spread_to_json(spread).dump(),
            R"({"max_abs":0,"mean_abs":0.0,"differing_share":0.0,"psnr_db":null,"ssim":1.0,)"
            R"("flip":0.0})");
  spread.add(metrics_of(3, 0.5, 0.9, 0.25));
  Spread other;
  other.add(metrics_of(7, 0.25, 0.75, 0.125));
  other.add(metrics_of(0, 0, 1, 0));
  spread.add(other);
  EXPECT_EQ(spread.pairs, 3U);
  EXPECT_EQ(spread.max_abs, 7);
  EXPECT_EQ(spread.mean_abs, 0.5);
  EXPECT_EQ(spread.differing_share, 1);
  EXPECT_NEAR(spread.psnr_db, 51.14, 0.01);  // 10 log10(255^2 / 0.5)
  EXPECT_EQ(spread.ssim, 0.75);
  EXPECT_EQ(spread.flip, 0.25);
}

TEST(Spread, LimitsAreTwiceAsFarAndALittleMore) {
  const Limits none = limits_beyond({});
  EXPECT_EQ(none.max_abs, 1);
  EXPECT_DOUBLE_EQ(*none.mean_abs, 0.01);
  EXPECT_DOUBLE_EQ(*none.ssim, 0.999);
  EXPECT_DOUBLE_EQ(*none.flip, 0.001);
  Spread spread;
  spread.add(metrics_of(3, 0.25, 0.99, 0.0625));
  const Limits some = limits_beyond(spread);
  EXPECT_EQ(some.max_abs, 7);
  EXPECT_DOUBLE_EQ(*some.mean_abs, 0.51);
  EXPECT_DOUBLE_EQ(*some.ssim, 0.979);
  EXPECT_DOUBLE_EQ(*some.flip, 0.126);
  spread.add(metrics_of(200, 200, -0.5, 0.9));
  const Limits all = limits_beyond(spread);
  EXPECT_EQ(all.max_abs, 255);
  EXPECT_EQ(all.mean_abs, 255);
  EXPECT_EQ(all.ssim, -1);
  EXPECT_EQ(all.flip, 1);
}

class RepeatsTest : public testing::Test {
 protected:
  /// A case "a" that made a grey picture of this size whose first value is `red`.
  CaseResult made(std::uint8_t red, Verdict verdict, int width = 4) {
    Image image;
    image.width = width;
    image.height = 2;
    image.rgb.assign(static_cast<std::size_t>(width) * 2 * 3, 100);
    image.rgb.front() = red;
    CaseResult result;
    result.name = "a";
    result.picture = folder_ / (std::to_string(count_++) + ".png");
    result.verdict.verdict = verdict;
    write_atomically(result.picture, encode_image(image, {.format = OutputFormat::png}),
                     Existing::keep);
    return result;
  }

 private:
  test::TemporaryFolder folder_;
  int count_ = 0;
};

TEST_F(RepeatsTest, TellHowFarApartTheyAre) {
  Repeats repeats({made(100, Verdict::passes)});
  EXPECT_TRUE(repeats.add({made(103, Verdict::passes)}, 2).empty());
  EXPECT_TRUE(repeats.add({made(98, Verdict::passes)}, 3).empty());
  const CaseResult& result = repeats.results().front();
  EXPECT_EQ(result.verdict.verdict, Verdict::passes);
  EXPECT_EQ(result.repeats->max_abs, 3);
  EXPECT_EQ(result.repeats->pairs, 2U);
}

TEST_F(RepeatsTest, TheWorstVerdictIsTheCases) {
  const CaseResult worse = made(200, Verdict::fails);
  Repeats repeats({made(100, Verdict::passes)});
  EXPECT_EQ(repeats.add({worse}, 2), std::vector<std::string>{"a"});
  EXPECT_TRUE(repeats.add({made(100, Verdict::passes)}, 3).empty());
  const CaseResult& result = repeats.results().front();
  EXPECT_EQ(result.verdict.verdict, Verdict::fails);
  EXPECT_EQ(result.verdict.reason, "in repeat 2");
  EXPECT_EQ(result.picture, worse.picture);
  EXPECT_EQ(result.repeats->max_abs, 100);
}

TEST_F(RepeatsTest, AnErrorCountsAlsoWhereTheCaseFailedBefore) {
  CaseResult error;
  error.name = "a";
  error.verdict = error_verdict(Exit::file, "the disk is gone");
  for (const Verdict before : {Verdict::passes, Verdict::added, Verdict::fails}) {
    Repeats repeats({made(100, before)});
    EXPECT_EQ(repeats.add({error}, 2), std::vector<std::string>{"a"});
    const CaseResult& result = repeats.results().front();
    EXPECT_EQ(result.verdict.verdict, Verdict::errors);
    EXPECT_EQ(result.verdict.trouble, Exit::file);
    EXPECT_EQ(result.verdict.reason, "in repeat 2: the disk is gone");
  }
}

TEST_F(RepeatsTest, AreMeasuredAgainstTheFirstPictureWhateverTheirVerdicts) {
  Repeats repeats({made(100, Verdict::passes)});
  repeats.add({made(150, Verdict::fails)}, 2);
  repeats.add({made(150, Verdict::fails)}, 3);
  repeats.add({made(101, Verdict::passes)}, 4);
  EXPECT_EQ(repeats.results().front().repeats->pairs, 3U);
  EXPECT_EQ(repeats.results().front().repeats->max_abs, 50);
  CaseResult nothing;
  nothing.name = "a";
  Repeats late({nothing});
  late.add({made(100, Verdict::passes)}, 2);
  late.add({made(104, Verdict::passes)}, 3);
  EXPECT_EQ(late.results().front().repeats->max_abs, 4);
  EXPECT_EQ(late.results().front().verdict.verdict, Verdict::errors);
}

TEST_F(RepeatsTest, OfOtherSizesAreNoSpread) {
  const std::vector<CaseResult> one{made(100, Verdict::passes)};
  const std::vector<CaseResult> other{made(100, Verdict::passes, 8)};
  test::expect_error(Exit::file, [&] { (void)spread_between(one, other); }, "is 8x2, not 4x2");
}

}  // namespace
}  // namespace ip2p
