// learning_rate_test.cpp - the corners of the curve.
#include "ip2p/train/learning_rate.h"

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(LearningRate, RisesThenStays) {
  TrainConfig config;
  config.learning_rate = 0.5;
  config.warmup = 10;
  EXPECT_DOUBLE_EQ(learning_rate(config, 0), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate(config, 9), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(config, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(config, config.steps - 1), 0.5);
}

TEST(LearningRate, FallsByHalfACosineAfterThePlateau) {
  TrainConfig config;
  config.learning_rate = 2;
  config.steps = 101;
  config.schedule = "cosine";
  config.decay_from = 0;
  config.final_rate = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate(config, 0), 2);
  EXPECT_NEAR(learning_rate(config, 50), 1.1, 1e-12);
  EXPECT_NEAR(learning_rate(config, 100), 0.2, 1e-12);
  config.decay_from = 0.5;
  EXPECT_DOUBLE_EQ(learning_rate(config, 50), 2);
  EXPECT_LT(learning_rate(config, 52), 2);
  EXPECT_NEAR(learning_rate(config, 100), 0.2, 1e-12);
}

}  // namespace
}  // namespace ip2p
