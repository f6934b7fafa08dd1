// rewrite_check_test.cpp - what is apart is refused, what is not is asked for once.
#include "rewrite_check.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p::test {
namespace {

class Rewritten : public testing::Test {
 protected:
  [[nodiscard]] RewriteCheck check(const std::string& sha256 = std::string(64, 'a')) const {
    return {"unet",
            {.path = "unet.pt", .bytes = 1, .sha256 = sha256},
            placement_,
            cache_ / "sub/folder"};
  }

  TemporaryFolder cache_;
  Placement placement_{.rewrites = all_rewrites()};
  torch::Tensor plain_ = torch::tensor({0.0F, -20.0F, 3.0F});
};

TEST_F(Rewritten, IsTriedOnceForEachArchiveAndPlacement) {
  EXPECT_TRUE(check().is_needed());
  check().compare(plain_, plain_ + 0.019F);
  EXPECT_FALSE(check().is_needed());
  EXPECT_TRUE(check(std::string(64, 'b')).is_needed());
  placement_.rewrites = {"convolutions"};
  EXPECT_TRUE(check().is_needed());
  placement_ = {.dtype = torch::kBFloat16, .rewrites = all_rewrites()};
  EXPECT_TRUE(check().is_needed());
}

TEST_F(Rewritten, IsRefusedWhenItIsAnotherFunction) {
  const auto sentence = "unet.pt\" computed in a faster way differs by ";
  expect_error(
      Exit::model, [&] { check().compare(plain_, plain_ + 0.021F); }, sentence, "--rewrites none");
  const torch::Tensor nan = torch::full({3}, std::nanf(""));
  expect_error(Exit::model, [&] { check().compare(plain_, nan); }, sentence);
  EXPECT_TRUE(check().is_needed());
  placement_.dtype = torch::kBFloat16;
  check().compare(plain_, plain_ + 0.9F);
  expect_error(Exit::model, [&] { check().compare(plain_, plain_ + 1.1F); }, sentence);
}

TEST_F(Rewritten, IsTriedEachTimeWhereNothingCanBeRemembered) {
  const BundleFile file{.path = "unet.pt", .bytes = 1, .sha256 = std::string(64, 'a')};
  for (const fs::path& cache : {fs::path(), fs::path("/dev/null/cache")}) {
    const RewriteCheck check("unet", file, placement_, cache);
    check.compare(plain_, plain_);
    EXPECT_TRUE(check.is_needed());
  }
}

}  // namespace
}  // namespace ip2p::test
