// parse_errors_test.cpp - which word is meant by a wrong one.
#include "parse_errors.h"

#include <gtest/gtest.h>

namespace ip2p::cli {
namespace {

TEST(Nearest, FindsWhatWasMistyped) {
  const std::vector<std::string> flags{"--seed", "--steps", "--cfg-text", "--cfg-image", "-o"};
  EXPECT_EQ(nearest("--sed", flags), "--seed");
  EXPECT_EQ(nearest("--sede", flags), "--seed");  // two letters swapped count as one mistake
  EXPECT_EQ(nearest("--stesp", flags), "--steps");
  EXPECT_EQ(nearest("--cfg_text", flags), "--cfg-text");
  EXPECT_EQ(nearest("--cfg-imgae", flags), "--cfg-image");
}

TEST(Nearest, SaysNothingOfWhatIsFar) {
  const std::vector<std::string> flags{"--seed", "--steps"};
  EXPECT_EQ(nearest("--frobnicate", flags), "");
  EXPECT_EQ(nearest("--seed", {}), "");
}

}  // namespace
}  // namespace ip2p::cli
