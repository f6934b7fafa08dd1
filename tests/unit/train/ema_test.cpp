// ema_test.cpp - the average's share, and the average.
#include "ip2p/train/ema.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/throws.h"

namespace ip2p {
namespace {

TEST(Ema, TheShareGrowsToItsLargest) {
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 10, 1), 2.0 / 11);
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 10, 90), 91.0 / 100);
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 10, 1'000'000), 0.999);
  EXPECT_DOUBLE_EQ(ema_decay(0.5, 1, 1), 0.5);
}

TEST(Ema, FollowsByPlace) {
  const NamedTensors average{{"a", torch::full({3}, 2.0)}, {"b", torch::full({2, 2}, -1.0)}};
  const NamedTensors parameters{{"a", torch::full({3}, 4.0).set_requires_grad(true)},
                                {"b", torch::full({2, 2}, 7.0).set_requires_grad(true)}};
  update_ema(average, parameters, 0.75);
  EXPECT_TRUE(torch::equal(average[0].second, torch::full({3}, 2.5)));
  EXPECT_TRUE(torch::equal(average[1].second, torch::full({2, 2}, 1.0)));
  EXPECT_FALSE(average[0].second.requires_grad());
  EXPECT_TRUE(torch::equal(parameters[0].second, torch::full({3}, 4.0)));

  // the end points are exact: 0 forgets, 1 keeps
  update_ema(average, parameters, 0);
  EXPECT_TRUE(torch::equal(average[1].second, parameters[1].second));
  update_ema(average, {{"a", torch::zeros({3})}, {"b", torch::zeros({2, 2})}}, 1);
  EXPECT_TRUE(torch::equal(average[1].second, parameters[1].second));
}

TEST(Ema, OtherNamesAreAFault) {
  const NamedTensors average{{"a", torch::zeros({3})}};
  test::expect_error(
      Exit::bug, [&] { update_ema(average, {{"b", torch::zeros({3})}}, 0.5); }, "a", "b");
  test::expect_error(Exit::bug, [&] { update_ema(average, {}, 0.5); }, "1 tensors");
}

}  // namespace
}  // namespace ip2p
