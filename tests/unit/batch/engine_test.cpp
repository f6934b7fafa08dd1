// engine_test.cpp - the pipeline with a stand-in for the model: every item once, whatever goes
// wrong.
#include "ip2p/batch/engine.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expected_warnings.h"
#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using Results = std::vector<nlohmann::ordered_json>;

/// Turns pictures into their negatives; does what a test wants before.
class Negative : public BatchModel {
 public:
  using Before = std::function<void(std::span<const ReadyTask>)>;

  explicit Negative(Before before = {}) : before_(std::move(before)) {}

  std::vector<Image> edit(std::span<const ReadyTask> tasks) override {
    if (before_) before_(tasks);
    std::vector<Image> pictures;
    for (const ReadyTask& ready : tasks) {
      Image picture = ready.input.picture;
      for (std::uint8_t& byte : picture.rgb) byte = static_cast<std::uint8_t>(255 - byte);
      pictures.push_back(std::move(picture));
    }
    return pictures;
  }

 private:
  Before before_;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    rules_.manifest.name = "stand-in";
    rules_.manifest.sha256 = std::string(64, '0');
    rules_.manifest.size_multiple = 8;
    rules_.device = "cpu";
    rules_.dtype = "float32";
    rules_.writers = 4;
    rules_.folder = folder_ / "out";
    fs::create_directories(rules_.folder);
    set_models(1);
  }

  void set_models(std::size_t count, const Negative::Before& before = {}) {
    models_.clear();
    for (std::size_t i = 0; i < count; ++i) models_.push_back(std::make_unique<Negative>(before));
  }

  fs::path input(std::size_t number) { return folder_ / ("in" + std::to_string(number) + ".png"); }

  /// Writes pictures of a few sizes; each has its number in every byte.
  void make_inputs(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      Image picture{.width = 8 + static_cast<int>(i % 3) * 8,
                    .height = 8,
                    .rgb = {},
                    .alpha = {},
                    .exif = {}};
      picture.rgb.assign(static_cast<std::size_t>(picture.width * picture.height * 3),
                         static_cast<std::uint8_t>(i));
      write_atomically(input(i), encode_image(picture, {}), Existing::replace);
    }
    count_ = count;
  }

  BatchTask task(std::size_t number) {
    BatchTask task;
    task.item.input = input(number);
    task.request.instruction = "make it a negative";
    EditOptions& options = task.request.options;
    options.steps = 1;
    options.cfg_text = options.cfg_image = 1.0;
    options.seed = number;
    options.sampler = "ddim";
    options.resolution = 64;
    options.size_mode = "pad";
    options.output_size = "fit";
    options.quality = 95;
    task.output = "sub/" + std::to_string(number) + ".png";
    task.path = rules_.folder / task.output;
    task.fingerprint = number;
    return task;
  }

  BatchCounts run() {
    std::size_t next = 0;
    ResultsLog log(rules_.folder, {});
    return run_batch(
        [&](const StopCheck&) -> std::optional<BatchTask> {
          while (next < count_ && log.known(task(next).output, next) == Known::done) ++next;
          if (next == count_) return std::nullopt;
          return task(next++);
        },
        models_, rules_, log,
        [this](const BatchEvent& event) {
          results_.push_back(event.result);
          if (on_event_) on_event_(event);
        },
        [this] { return stop_.load(); });
  }

  void expect_negative(std::size_t number) {
    const Image picture = read_image(task(number).path);
    EXPECT_THAT(picture.rgb, testing::Each(static_cast<std::uint8_t>(255 - number))) << number;
  }

  test::TemporaryFolder folder_;
  EngineRules rules_;
  std::vector<std::unique_ptr<BatchModel>> models_;
  std::size_t count_ = 0;
  Results results_;
  std::function<void(const BatchEvent&)> on_event_;
  std::atomic<bool> stop_ = false;
};

TEST_F(EngineTest, EveryItemIsMadeOnceAndSaysHow) {
  make_inputs(40);
  const BatchCounts counts = run();
  EXPECT_EQ(counts.done, 40U);
  EXPECT_EQ(counts.failed, 0U);
  EXPECT_FALSE(counts.stopped);
  std::set<std::string> outputs;
  for (const auto& result : results_) {
    outputs.insert(result.at("output").get<std::string>());
    EXPECT_EQ(result.at("status"), "done");
    EXPECT_EQ(result.at("bundle"), "stand-in");
    EXPECT_GE(result.at("seconds").at("read").get<double>(), 0.0);
  }
  EXPECT_EQ(outputs.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) expect_negative(i);
}

TEST_F(EngineTest, SeveralModelsShareTheWork) {
  make_inputs(60);
  std::mutex mutex;
  std::set<std::thread::id> workers;
  set_models(3, [&](std::span<const ReadyTask>) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const std::lock_guard lock(mutex);
    workers.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(run().done, 60U);
  EXPECT_EQ(workers.size(), 3U);
}

TEST_F(EngineTest, OnlyAlikePicturesAreEditedTogetherAndNoMoreThanAskedFor) {
  make_inputs(50);
  rules_.batch_size = 4;
  std::atomic<bool> together = false;
  set_models(1, [&](std::span<const ReadyTask> tasks) {
    EXPECT_LE(tasks.size(), 4U);
    if (tasks.size() > 1) together = true;
    for (const ReadyTask& ready : tasks)
      EXPECT_EQ(ready.input.sizes.model, tasks.front().input.sizes.model);
  });
  EXPECT_EQ(run().done, 50U);
  EXPECT_TRUE(together);
}

TEST_F(EngineTest, ADamagedPictureFailsAloneAndIsNamed) {
  make_inputs(20);
  write_atomically(input(7), Bytes{'n', 'o'}, Existing::replace);
  fs::remove(input(9));
  const BatchCounts counts = run();
  EXPECT_EQ(counts.done, 18U);
  EXPECT_EQ(counts.failed, 2U);
  for (const auto& result : results_) {
    if (result.at("status") == "done") continue;
    EXPECT_EQ(result.at("kind"), "file");
    EXPECT_THAT(result.at("error").get<std::string>(),
                testing::HasSubstr(result.at("input").get<std::string>()));
  }
}

TEST_F(EngineTest, OnePictureThatTheModelRefusesDoesNotTakeItsNeighboursAlong) {
  make_inputs(12);
  rules_.batch_size = 4;
  set_models(1, [&](std::span<const ReadyTask> tasks) {
    for (const ReadyTask& ready : tasks)
      if (ready.task.fingerprint == 3) throw Error(Exit::device, "values are not finite");
  });
  const BatchCounts counts = run();
  EXPECT_EQ(counts.done, 11U);
  EXPECT_EQ(counts.failed, 1U);
}

TEST_F(EngineTest, MemoryThatRunsOutHalvesTheBatchAndSaysSoOnce) {
  test::ExpectedWarnings warnings;
  make_inputs(60);
  rules_.batch_size = 8;
  std::atomic<std::size_t> largest = 0;
  set_models(1, [&](std::span<const ReadyTask> tasks) {
    if (tasks.size() > 3) throw OutOfMemory("memory of the stand-in ran out");
    largest = std::max(largest.load(), tasks.size());
  });
  EXPECT_EQ(run().done, 60U);
  EXPECT_LE(largest, 3U);
  // three sizes of pictures, each told of 8 (or fewer at the end) and 4
  EXPECT_GE(warnings.sentences().size(), 1U);
  EXPECT_LE(warnings.sentences().size(), 6U);
}

TEST_F(EngineTest, AnExistingFileIsKeptUnlessTheBatchMadeItOrMayReplaceIt) {
  make_inputs(2);
  fs::create_directories(rules_.folder / "sub");
  write_atomically(task(1).path, Bytes{'m', 'i', 'n', 'e'}, Existing::keep);
  EXPECT_EQ(run().failed, 1U);
  EXPECT_EQ(read_file(task(1).path), (Bytes{'m', 'i', 'n', 'e'}));
  rules_.overwrite = true;
  EXPECT_EQ(run().done, 1U);
  expect_negative(1);
}

TEST_F(EngineTest, WhatIsInTheWayIsNotRecordedAndTriedAgain) {
  make_inputs(1);
  fs::create_directories(rules_.folder / "sub");
  write_atomically(task(0).path, Bytes{'m', 'i', 'n', 'e'}, Existing::keep);
  EXPECT_EQ(run().failed, 1U);
  EXPECT_EQ(read_file(rules_.folder / "results.jsonl").size(), 0U);
  fs::remove(task(0).path);
  EXPECT_EQ(run().done, 1U);
}

TEST_F(EngineTest, AnInputIsTriedAgainAsOftenAsAsked) {
  make_inputs(3);
  fs::rename(input(1), folder_ / "away");
  rules_.retries = 100;
  std::thread back([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    fs::rename(folder_ / "away", input(1));
  });
  EXPECT_EQ(run().done, 3U);
  back.join();
}

TEST_F(EngineTest, AStopDoesNotWaitForTriesToCome) {
  make_inputs(2);
  fs::remove(input(1));
  rules_.retries = 100;
  on_event_ = [this](const BatchEvent&) { stop_ = true; };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(run().stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(EngineTest, ALogThatCannotBeWrittenEndsTheRun) {
  make_inputs(40);
  const test::SizeLimit limit(3000);  // a log of some lines
  test::expect_error(Exit::file, [this] { run(); }, ".jsonl");
}

TEST_F(EngineTest, StopsAfterTooManyFailures) {
  make_inputs(200);
  for (std::size_t i = 0; i < 200; i += 2) fs::remove(input(i));
  rules_.max_failures = 5;
  const BatchCounts counts = run();
  EXPECT_TRUE(counts.stopped);
  EXPECT_GE(counts.failed, 5U);
  EXPECT_LT(counts.failed, 20U);
}

TEST_F(EngineTest, WhatIsInFlightIsFinishedWhenItIsStopped) {
  make_inputs(100);
  rules_.batch_size = 2;
  on_event_ = [this](const BatchEvent&) { stop_ = true; };
  const BatchCounts counts = run();
  EXPECT_TRUE(counts.stopped);
  EXPECT_LT(counts.done, 20U);
  EXPECT_EQ(counts.done, results_.size());
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(rules_.folder / "sub")) {
    ++files;
    EXPECT_EQ(entry.path().extension(), ".png");
  }
  EXPECT_EQ(files, counts.done);

  stop_ = false;
  on_event_ = {};
  EXPECT_EQ(run().done, 100 - counts.done);
  for (std::size_t i = 0; i < 100; ++i) expect_negative(i);
}

TEST_F(EngineTest, WhatTheListOfTasksThrowsEndsTheRun) {
  make_inputs(3);
  ResultsLog log(rules_.folder, {});
  std::size_t next = 0;
  test::expect_error(
      Exit::usage,
      [&] {
        (void)run_batch(
            [&](const StopCheck&) -> std::optional<BatchTask> {
              if (next == 3) throw Error(Exit::usage, "line 4: unknown key");
              return task(next++);
            },
            models_, rules_, log, {}, {});
      },
      "line 4");
}

TEST_F(EngineTest, ALinkThatLeavesTheFolderIsNotFollowed) {
  make_inputs(1);
  fs::create_directories(folder_ / "elsewhere");
  fs::create_directory_symlink(folder_ / "elsewhere", rules_.folder / "sub");
  EXPECT_EQ(run().failed, 1U);
  EXPECT_TRUE(fs::is_empty(folder_ / "elsewhere"));
  rules_.allow_outside = true;
  EXPECT_EQ(run().done, 1U);
}

}  // namespace
}  // namespace ip2p
