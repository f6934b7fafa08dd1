// run_test.cpp - cases made and judged with stand-ins for the models.
#include "ip2p/regress/run.h"

#include <new>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ip2p/image/read.h"
#include "ip2p/image/record.h"
#include "ip2p/image/write.h"
#include "ip2p/regress/run_record.h"

#include "support/temporary_folder.h"

namespace ip2p {
namespace {

using testing::HasSubstr;

Image grey(std::uint8_t level) {
  constexpr int side = 16;
  return {.width = side,
          .height = side,
          .rgb = Bytes(std::size_t{side} * side * 3, level),
          .alpha = {},
          .exif = {}};
}

/// Its edits change nothing.
class Unchanged : public BatchModel {
 public:
  std::vector<Image> edit(std::span<const ReadyTask> tasks) override {
    std::vector<Image> pictures;
    for (const ReadyTask& ready : tasks) pictures.push_back(ready.input.picture);
    return pictures;
  }
};

/// Throws in the middle of a verdict.
template <class Thrown>
class Throwing : public ImageTextFeatures {
 public:
  explicit Throwing(const Thrown& thrown) : thrown_(thrown) {}
  [[nodiscard]] Features of_picture(const Image& /*picture*/) const override { throw thrown_; }
  [[nodiscard]] Features of_text(const std::string& /*words*/) const override { throw thrown_; }

 private:
  Thrown thrown_;
};

/// A suite of one case whose edit changes nothing.
class RunTest : public testing::Test {
 protected:
  RunTest() {
    rules_.folder = folder_ / "run";
    fs::create_directories(rules_.folder);
    rules_.engine.manifest.name = "stand-in";
    rules_.engine.manifest.sha256 = std::string(64, '0');
    rules_.engine.manifest.size_multiple = 8;
    rules_.engine.device = "cpu";
    rules_.engine.dtype = "float32";
    models_.push_back(std::make_unique<Unchanged>());
    Case& made = cases_.emplace_back();
    made.name = "a";
    made.folder = folder_ / "cases/a";
    made.input = folder_ / "input.png";
    made.request.instruction = "change nothing";
    made.limits.max_abs = 0;
    write_atomically(made.input, encode_image(grey(100), {}), Existing::keep);
  }

  CaseResult run() { return run_cases(cases_, models_, rules_, {}, {}).at(0); }

  /// The picture of the last run is what the case expects, but for one of its levels.
  void approve_all_but_a_level(const CaseResult& result) {
    Case& made = cases_.front();
    const Bytes bytes = read_file(result.picture);
    Image picture = decode_image(bytes, "made");
    ++picture.rgb.front();
    made.references = {folder_ / "reference.png"};
    write_atomically(made.references.front(),
                     encode_image(picture, {.record = read_record(bytes, "made")}), Existing::keep);
  }

  test::TemporaryFolder folder_;
  std::vector<Case> cases_;
  std::vector<std::unique_ptr<BatchModel>> models_;
  RunRules rules_;
};

TEST_F(RunTest, KeepsTheHashOfThePictureThatWasJudged) {
  const CaseResult result = run();
  EXPECT_EQ(result.verdict.verdict, Verdict::added) << result.verdict.reason;
  const std::string judged = sha256_of_file(result.picture);
  write_atomically(result.picture, encode_image(grey(9), {}), Existing::replace);
  const auto json = run_to_json(rules_.folder, {result},
                                {rules_.engine.manifest, {.device = "cpu", .dtype = "float32"}});
  EXPECT_EQ(json.at("results").at(0).at("sha256"), judged);
}

TEST_F(RunTest, WhateverIsThrownInAVerdictIsThatCasesError) {
  approve_all_but_a_level(run());
  const auto verdict_with = [this](const auto& thrown) {
    const Throwing features(thrown);
    rules_.features = &features;
    return run().verdict;
  };
  const CaseVerdict no_memory = verdict_with(std::bad_alloc());
  EXPECT_EQ(no_memory.verdict, Verdict::errors);
  EXPECT_EQ(no_memory.trouble, Exit::device);
  EXPECT_THAT(no_memory.reason, HasSubstr("memory"));
  const CaseVerdict fault = verdict_with(std::logic_error("two words\nand a line"));
  EXPECT_EQ(fault.trouble, Exit::bug);
  EXPECT_THAT(fault.reason, HasSubstr("two words"));
  EXPECT_THAT(fault.reason, Not(HasSubstr("\n")));
  EXPECT_EQ(verdict_with(7).trouble, Exit::bug);
}

}  // namespace
}  // namespace ip2p
