// options_test.cpp - who wins: the request, the bundle, the original.
#include "ip2p/edit/options.h"

#include <gmock/gmock.h>

#include "ip2p/base/error.h"

namespace ip2p::test {
namespace {

TEST(EditOptions, TheOriginalsDefaultsFillWhatNobodySays) {
  const EditOptions options = resolve({}, {});
  EXPECT_EQ(options.steps, 100);
  EXPECT_EQ(options.cfg_text, 7.5);
  EXPECT_EQ(options.cfg_image, 1.5);
  EXPECT_EQ(options.seed, 0U);
  EXPECT_EQ(options.sampler, "euler_a");
  EXPECT_EQ(options.resolution, 512);
  EXPECT_EQ(options.size_mode, "pad");
  EXPECT_EQ(options.output_size, "fit");
  EXPECT_EQ(options.quality, 95);
}

TEST(EditOptions, TheRequestWinsOverTheBundle) {
  EditOptions given;
  given.steps = 7;
  given.seed = 0;
  const EditOptions options = resolve(given, {.sampler = "heun", .steps = 30, .resolution = 256});
  EXPECT_EQ(options.steps, 7);
  EXPECT_EQ(options.sampler, "heun");
  EXPECT_EQ(options.resolution, 256);
}

TEST(EditOptions, MergeKeepsEveryOptionOfTheFirst) {
  // Every option set, so that one which merge forgets shows.
  EditOptions first;
  first.steps = 3;
  first.cfg_text = 2.5;
  first.cfg_image = 1.25;
  first.seed = 18446744073709551615U;
  first.sampler = "unipc";
  first.resolution = 320;
  first.size_mode = "crop";
  first.output_size = "fit";
  first.quality = 80;
  const EditOptions merged = merge(first, resolve({}, {}));
  EXPECT_EQ(options_to_json(merged), options_to_json(first));
}

TEST(EditOptions, ABundlesDefaultOutOfRangeIsRefused) {
  EXPECT_THROW((void)resolve({}, {.steps = 0}), Error);
}

}  // namespace
}  // namespace ip2p::test
