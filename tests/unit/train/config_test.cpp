// config_test.cpp - the file of a run: defaults, paths, and a sentence for every mistake.
#include "ip2p/train/config.h"

#include <set>

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

class TrainConfigFile : public testing::Test {
 protected:
  TrainConfig read(const std::string& json) {
    write_atomically(path(),
                     ByteSpan(reinterpret_cast<const std::uint8_t*>(json.data()), json.size()),
                     Existing::replace);
    return read_train_config(path());
  }
  TrainConfig read_with(const std::string& more) {
    return read(R"({"bundle": "b", "data": "d", "output": "o", )" + more + "}");
  }
  void expect_refused(const std::string& more, const std::string& sentence) {
    expect_error(Exit::usage, [&] { read_with(more); }, path().string(), ": " + sentence);
  }
  [[nodiscard]] fs::path path() const { return folder_ / "run.json"; }
  [[nodiscard]] fs::path folder() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(TrainConfigFile, NeedsThreePathsAndHasDefaultsForTheRest) {
  const TrainConfig config = read(R"({"bundle": "b", "data": "../d", "output": "/tmp/o"})");
  EXPECT_EQ(config.bundle, (folder() / "b").string());
  EXPECT_EQ(config.data, (folder() / "../d").string());
  EXPECT_EQ(config.output, "/tmp/o");
  EXPECT_EQ(config.validation_data, "");
  EXPECT_EQ(config.steps, TrainConfig{}.steps);
  EXPECT_FALSE(config.min_snr.has_value());
  EXPECT_TRUE(config.crops.empty());
  expect_error(
      Exit::usage, [&] { read(R"({"bundle": "b", "output": "o"})"); }, ": data is missing");
  expect_error(
      Exit::usage, [&] { read(R"({"bundle": "", "data": "d", "output": "o"})"); },
      ": bundle is missing or empty");
}

TEST_F(TrainConfigFile, TakesEveryKey) {
  const TrainConfig config = read_with(
      R"("validation_data": "v", "validate_every": 5, "resolution": 512, "min_snr": 5, "seed": 18446744073709551615,
         "optimizer": "muon", "precision": "bfloat16", "device": "cuda:1", "flip": false,
         "crops": [{"pixels": 64, "batch": 32, "share": 3}, {"pixels": 512, "batch": 2}])");
  EXPECT_EQ(config.validation_data, (folder() / "v").string());
  EXPECT_EQ(config.min_snr, 5.0);
  EXPECT_EQ(config.seed, 18446744073709551615U);
  EXPECT_EQ(config.optimizer, "muon");
  ASSERT_EQ(config.crops.size(), 2U);
  EXPECT_EQ(config.crops[0].pixels, 64);
  EXPECT_EQ(config.crops[0].batch, 32);
  EXPECT_EQ(config.crops[0].share, 3);
  EXPECT_EQ(config.crops[1].share, 1);
}

TEST_F(TrainConfigFile, NamesTheKeyOfEveryMistake) {
  expect_refused(R"("step": 3)", R"(unknown option "step"; known: bundle, data, )");
  expect_refused(R"("steps": 0)", "steps: expected a whole number from 1 to 1000000000, got 0");
  expect_refused(R"("steps": "many")", "steps: expected a whole number");
  expect_refused(R"("precision": "float16")", "precision: expected one of float32, bfloat16");
  expect_refused(R"("optimizer": "sgd")", R"(optimizer: expected one of adamw, muon, got "sgd")");
  expect_refused(R"("schedule": "linear")", "schedule: expected one of constant, cosine");
  expect_refused(R"("device": "gpu")", R"(device: expected auto, cpu, cuda or cuda:N, got "gpu")");
  expect_refused(R"("device": "cuda:")", "device: expected auto");
  expect_refused(R"("drop_image": 0.5, "drop_text": 0.6)", "drop_image, drop_text and drop_both");
  expect_refused(R"("validate_every": 5)", "validate_every needs examples");
}

TEST_F(TrainConfigFile, RefusesKeysThatWouldDoNothing) {
  const std::string crops = R"("crops": [{"pixels": 64, "batch": 2}])";
  expect_refused(R"("batch": 4, )" + crops, "batch does nothing beside crops");
  expect_refused(R"("momentum": 0.9)", "momentum does nothing with the optimizer adamw");
  expect_refused(R"("adam_rate": 0.9)", "adam_rate does nothing");
  expect_refused(R"("decay_from": 0.9)", "decay_from does nothing with the schedule constant");
  expect_refused(R"("final_rate": 0.0)", "final_rate does nothing");
  EXPECT_NO_THROW(read_with(crops));
  EXPECT_NO_THROW(read_with(R"("optimizer": "muon", "momentum": 0.9, "adam_rate": 1, "beta1": 0)"));
  EXPECT_NO_THROW(read_with(R"("schedule": "cosine", "decay_from": 0.5)"));
}

TEST_F(TrainConfigFile, SaysRangesToTheLastDigit) {
  expect_refused(R"("beta2": 1)", "beta2: expected a number from 0 to 0.99999999, got 1");
  expect_refused(R"("clip_norm": -1)", "clip_norm: expected a number from 0 to 1e+09, got -1");
}

TEST_F(TrainConfigFile, ListsCropsAmongTheKnownKeys) {
  expect_refused(R"("step": 3)", "unknown option");
  expect_error(Exit::usage, [&] { read_with(R"("crop": [])"); }, "cache_latents, crops, batch");
}

TEST_F(TrainConfigFile, NamesTheCropOfEveryMistake) {
  expect_refused(R"("crops": 3)", "crops: expected a list of objects, got 3");
  expect_refused(R"("crops": [64])", "crops[0]: expected an object");
  expect_refused(R"("crops": [{"pixels": 64}])", "crops[0].batch is missing");
  expect_refused(R"("crops": [{"pixels": 64, "batch": 1}, {"pixels": 1.5, "batch": 1}])",
                 "crops[1].pixels: expected a whole number, got 1.5");
  expect_refused(R"("crops": [{"pixels": 64, "batch": 0}])",
                 "crops[0].batch: expected a whole number from 1 to 65536");
  expect_refused(R"("crops": [{"pixels": 64, "batch": 1, "shares": 2}])",
                 R"(unknown key "crops[0].shares"; known: pixels, batch, share)");
  expect_refused(R"("crops": [{"pixels": 512, "batch": 1}])",
                 "crops[0].pixels: expected at most resolution (256), got 512");
}

TEST_F(TrainConfigFile, RefusesWhatIsNoObject) {
  expect_error(Exit::usage, [&] { read("[]"); }, "expected a JSON object");
  expect_error(Exit::usage, [&] { read("{\n\"bundle\": }"); }, "not valid JSON", "line 2");
  expect_error(Exit::file, [&] { read_train_config(folder() / "none.json"); }, "none.json");
}

TEST_F(TrainConfigFile, DescribesEveryKeyOnceAndItsDefaultIsAllowed) {
  TrainConfig config;
  std::set<std::string> names;
  TrainConfig::visit(
      config, [&](const std::string& name, const auto&, const std::string& help, const auto&...) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_FALSE(help.empty()) << name;
      });
  EXPECT_NO_THROW(validate(config));
}

}  // namespace
}  // namespace ip2p
