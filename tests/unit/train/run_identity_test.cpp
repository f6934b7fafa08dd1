// run_identity_test.cpp - what makes another run of a config, and what does not.
#include "run_identity.h"

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using Json = nlohmann::json;

class Identity : public testing::Test {
 protected:
  Identity() {
    manifest_.sha256 = "abc";
    config_.bundle = "models/start";
    config_.data = "pictures/train";
    config_.output = "run";
    examples_ = {{.input = "pictures/train/a.png",
                  .edited = "pictures/train/b.png",
                  .instructions = {"make it snow"}}};
  }

  [[nodiscard]] Json identity() const { return run_identity(config_, manifest_, examples_); }
  [[nodiscard]] Json about() const {
    Json about = identity();
    about["step"] = 7U;
    return about;
  }
  void expect_same(const Json& about) {
    EXPECT_NO_THROW(check_same_run("step-7.safetensors", about, identity(), config_));
  }
  template <class... Parts>
  void expect_other(const Json& about, Exit exit, const Parts&... parts) {
    expect_error(
        exit, [&] { check_same_run("step-7.safetensors", about, identity(), config_); },
        "step-7.safetensors", parts...);
  }

  Manifest manifest_;
  TrainConfig config_;
  std::vector<Example> examples_;
};

TEST_F(Identity, IsThatOfTheSameRun) {
  expect_same(about());
  EXPECT_FALSE(identity().dump().find("models/start") != std::string::npos) << "a path is in it";
}

TEST_F(Identity, AllowsWhatDecidesNothing) {
  const Json before = about();
  config_.steps = 5;
  config_.keep = 9;
  config_.device = "cuda";
  config_.precision = "bfloat16";
  config_.validate_every = 3;
  config_.name = "another";
  config_.output = "elsewhere";
  expect_same(before);
}

TEST_F(Identity, RefusesWhatDecidesDrawsWeightsOrTheOptimizer) {
  const Json before = about();
  config_.seed = 1;
  expect_other(before, Exit::usage, "seed was 0", "is 1", "another output folder");
  config_.seed = 0;
  config_.min_snr = 5;
  expect_other(before, Exit::usage, "min_snr was not given", "is 5.0");
  config_.min_snr.reset();
  config_.crops = {{.pixels = 64, .batch = 2, .share = 1}};
  expect_other(before, Exit::usage, "crops was []");
  config_.crops.clear();
  expect_same(before);
}

TEST_F(Identity, KnowsTheExamplesButNotWhereTheyLie) {
  const Json before = about();
  config_.data = "moved";
  examples_[0].input = "moved/a.png";
  examples_[0].edited = "moved/b.png";
  expect_same(before);
  examples_[0].whole = true;
  expect_other(before, Exit::usage, "data was 1 examples");
  examples_[0].whole = false;
  examples_[0].instructions = {"make it snow", "snow"};
  expect_other(before, Exit::usage, "data was 1 examples");
}

TEST_F(Identity, RefusesAnotherBundle) {
  const Json before = about();
  manifest_.sha256 = "def";
  expect_other(before, Exit::usage, "was trained from another bundle than", "models/start");
}

TEST_F(Identity, IsNotAskedOfAnOlderCheckpoint) {
  expect_same({{"step", 7U}, {"bundle", "abc"}});
}

TEST_F(Identity, IsMissedInAFileOfAnotherProgram) {
  for (const Json& about : {Json::object(), Json{{"step", 7U}}, Json{{"bundle", "abc"}},
                            Json{{"step", "7"}, {"bundle", "abc"}}})
    expect_other(about, Exit::file, "is no checkpoint of ip2p train");
}

}  // namespace
}  // namespace ip2p
