// results_log_test.cpp - what a log knows when it is opened again, whatever ended the last run.
#include "ip2p/batch/results_log.h"

#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "begun_writes.h"
#include "result_line.h"
#include "support/expected_warnings.h"
#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using Json = nlohmann::ordered_json;

const Shard everything;

Json result_of(const std::string& output) {
  return {{"output", output}, {"seconds", 0.5}};
}

void put_output(const fs::path& path, const std::string& content) {
  std::ofstream(path) << content;
}

std::string hash_of(const std::string& content) {
  return sha256_of({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()});
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<ResultLine> results_in(const fs::path& path) {
  std::vector<ResultLine> results;
  for (const std::string& line : lines_of(path)) results.push_back(parse_result_line(line).value());
  return results;
}

TEST(ResultsLog, KnowsWhatItWasTold) {
  const TemporaryFolder folder;
  const fs::path out = folder / "not" / "there";
  for (int run = 0; run < 2; ++run) {
    ResultsLog log(out, everything);
    if (run == 0) {
      log.done(1, result_of("a.png"));
      log.failed(2, result_of("b.png"));
      log.flush();
    }
    EXPECT_EQ(log.known("a.png", 1), Known::done);
    EXPECT_EQ(log.known("b.png", 2), Known::failed);
    EXPECT_EQ(log.known("a.png", 2), Known::nothing);
    EXPECT_EQ(log.known("c.png", 1), Known::nothing);
  }
  EXPECT_EQ(lines_of(out / "results.jsonl").size(), 2);
}

TEST(ResultsLog, WhatARunHasMadeStaysItsOwnAlsoWhenALaterRequestFailed) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), everything);
    log.done(1, result_of("made"));
    log.failed(1, result_of("never"));
    EXPECT_TRUE(log.made("made", 1).has_value());
    EXPECT_FALSE(log.made("never", 1).has_value());
    log.failed(2, result_of("made"));
    log.failed(3, result_of("made"));
    EXPECT_TRUE(log.made("made", 1).has_value());
    EXPECT_EQ(log.known("made", 3), Known::failed);
    log.close();
  }
  EXPECT_EQ(lines_of(folder / "results.jsonl").size(), 2U);
  const ResultsLog log(folder.path(), everything);
  EXPECT_TRUE(log.made("made", 1).has_value());
  EXPECT_FALSE(log.made("never", 1).has_value());
  EXPECT_FALSE(log.made("unheard of", 1).has_value());
}

TEST(ResultsLog, WhatAKilledRunLeftHalfWrittenIsRemoved) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "sub");
  {
    ResultsLog log(folder.path(), everything);
    log.begin_write(1, result_of("sub/a.png"), hash_of("whole"));
    put_output(folder / "sub" / ".ip2p-partial-a", "who");
  }
  const ResultsLog log(folder.path(), everything);
  EXPECT_TRUE(fs::is_empty(folder / "sub"));
  EXPECT_EQ(log.known("sub/a.png", 1), Known::nothing);
}

TEST(ResultsLog, NamesOfAnyBytesAreKnownAgain) {
  const TemporaryFolder folder;
  const std::string name = "caf\xe9\n\"\\\xc3\xa9.png";
  {
    ResultsLog log(folder.path(), everything);
    log.begin_write(1, result_of(name), hash_of("picture"));
    put_output(folder.path() / name, "picture");
  }
  for (int run = 0; run < 2; ++run)
    EXPECT_EQ(ResultsLog(folder.path(), everything).known(name, 1), Known::done);
}

TEST(ResultsLog, AWriteThatWasMovedButNotLoggedIsLogged) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), everything);
    for (const char* output : {"moved", "not moved", "other bytes", "failed", "logged"})
      log.begin_write(1, result_of(output), hash_of("picture"));
    for (const char* output : {"moved", "failed", "logged"}) put_output(folder / output, "picture");
    put_output(folder / "other bytes", "pictures");
    log.failed(1, result_of("failed"));
    log.done(1, result_of("logged"));
  }
  for (int run = 0; run < 2; ++run) {
    const ResultsLog log(folder.path(), everything);
    EXPECT_EQ(log.known("moved", 1), Known::done);
    EXPECT_EQ(log.known("not moved", 1), Known::nothing);
    EXPECT_EQ(log.known("other bytes", 1), Known::nothing);
    EXPECT_EQ(log.known("failed", 1), Known::failed);
    EXPECT_EQ(log.known("logged", 1), Known::done);
    EXPECT_EQ(lines_of(folder / "results.jsonl").size(), 3);
    EXPECT_EQ(fs::file_size(folder / ".ip2p" / "begun.jsonl"), 0);
  }
  EXPECT_EQ(results_in(folder / "results.jsonl").back().output, "moved");
  EXPECT_EQ(Json::parse(lines_of(folder / "results.jsonl").back()).at("seconds"), 0.5);
}

TEST(ResultsLog, AWriteThatWasTriedAgainIsFoundByItsLastBytes) {
  const TemporaryFolder folder;
  for (const char* written : {"first", "second"}) {
    {
      ResultsLog log(folder.path(), everything);
      log.begin_write(1, result_of(written), hash_of("first"));
      log.begin_write(1, result_of(written), hash_of("second"));
      put_output(folder / written, written);
    }
    EXPECT_EQ(ResultsLog(folder.path(), everything).known(written, 1), Known::done);
  }
}

TEST(ResultsLog, AnEditThatReplacesAnotherIsFound) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), everything);
    log.done(1, result_of("a"));
    log.failed(1, result_of("b"));
    for (const char* output : {"a", "b"}) {
      log.begin_write(2, result_of(output), hash_of("new"));
      put_output(folder / output, "new");
    }
  }
  const ResultsLog log(folder.path(), everything);
  for (const char* output : {"a", "b"}) {
    EXPECT_EQ(log.known(output, 1), Known::nothing);
    EXPECT_EQ(log.known(output, 2), Known::done);
  }
}

TEST(ResultsLog, AnotherRunsKilledWriteIsKnown) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), {.index = 2, .count = 3});
    log.begin_write(1, result_of("a"), hash_of("picture"));
    put_output(folder / "a", "picture");
  }
  for (const Shard& shard : {everything, Shard{.index = 1, .count = 2}})
    EXPECT_EQ(ResultsLog(folder.path(), shard).known("a", 1), Known::done);
  EXPECT_EQ(ResultsLog(folder.path(), {.index = 1, .count = 3}).known("a", 1), Known::nothing);
  EXPECT_EQ(ResultsLog(folder.path(), {.index = 2, .count = 3}).known("a", 1), Known::done);
  EXPECT_EQ(lines_of(folder / "results-2-of-3.jsonl").size(), 1);
}

TEST(ResultsLog, TheFileOfBegunWritesStaysSmall) {
  const TemporaryFolder folder;
  const fs::path begun = folder / ".ip2p" / "begun.jsonl";
  const std::string padding(1000, 'x');
  {
    ResultsLog log(folder.path(), everything);
    const auto begin = [&](const std::string& output) {
      log.begin_write(1, {{"output", output}, {"error", padding}}, hash_of("picture"));
    };
    begin("stuck");
    std::uintmax_t largest = 0;
    for (int i = 0; i < 2000; ++i) {
      const std::string output = std::to_string(i);
      begin(output);
      largest = std::max(largest, fs::file_size(begun));
      log.done(1, result_of(output));
    }
    EXPECT_LT(largest, 300'000);
    EXPECT_EQ(begun_writes_in(begun).front().result.output, "stuck");
    put_output(folder / "stuck", "picture");
  }
  {
    ResultsLog log(folder.path(), everything);
    EXPECT_EQ(log.known("stuck", 1), Known::done);
    log.begin_write(1, result_of("interrupted"), hash_of("picture"));
    log.close();
  }
  EXPECT_EQ(begun_writes_in(begun).size(), 1);
  ResultsLog(folder.path(), everything).close();
  EXPECT_EQ(fs::file_size(begun), 0);
}

TEST(ResultsLog, AnUnfinishedLineIsCutOff) {
  const TemporaryFolder folder;
  const fs::path path = folder / "results.jsonl";
  {
    ResultsLog log(folder.path(), everything);
    log.done(1, result_of("a"));
    log.done(1, result_of("b"));
  }
  fs::resize_file(path, fs::file_size(path) - 1);
  ResultsLog log(folder.path(), everything);
  EXPECT_EQ(log.known("a", 1), Known::done);
  EXPECT_EQ(log.known("b", 1), Known::nothing);
  log.done(1, result_of("c"));
  EXPECT_EQ(results_in(path).at(1).output, "c");
}

TEST(ResultsLog, KnowsOfWhichInputAnOutputIs) {
  const TemporaryFolder folder;
  constexpr std::uint64_t input = std::uint64_t{1} << static_cast<unsigned>(request_bits);
  ResultsLog log(folder.path(), everything);
  log.done(3 * input + 7, result_of("a"));
  EXPECT_TRUE(log.made("a", 3 * input + 8)->of_this_input);
  EXPECT_FALSE(log.made("a", 4 * input + 7)->of_this_input);
  EXPECT_EQ(log.known("a", 3 * input + 8), Known::nothing) << "another request";
  EXPECT_EQ(log.known("a", 4 * input + 7), Known::done) << "the same, with its input elsewhere now";
  EXPECT_FALSE(log.made("b", 3 * input + 7));
  log.failed(3 * input + 8, result_of("a"));
  EXPECT_TRUE(log.made("a", 3 * input)) << "what was made is still there";
}

TEST(ResultsLog, WhatIsNoResultIsNotTouched) {
  const TemporaryFolder folder;
  const fs::path path = folder / "results.jsonl";
  ResultsLog(folder.path(), everything).done(1, result_of("a"));
  std::ofstream(path, std::ios::app) << "{\"name\": \"somebody else's\"}\nunfinished";
  const Bytes before = read_file(path);
  expect_error(
      Exit::file, [&] { (void)ResultsLog(folder.path(), everything); }, path.string(),
      "line 2 is no result");
  EXPECT_EQ(read_file(path), before);
  // also where it is another shard's
  expect_error(
      Exit::file, [&] { (void)ResultsLog(folder.path(), {.index = 1, .count = 2}); }, "line 2");
}

TEST(ResultsLog, SupersededLinesGoOnAGoodClose) {
  const TemporaryFolder folder;
  const fs::path path = folder / "results.jsonl";
  for (std::uint64_t run = 1; run <= 3; ++run) {
    ResultsLog log(folder.path(), everything);
    log.failed(run, result_of("again"));
    log.done(run, result_of("again"));
    log.done(run, result_of("only " + std::to_string(run)));
    if (run == 2) continue;  // killed: the next one takes them out
    log.close();
    const std::vector<ResultLine> results = results_in(path);
    EXPECT_EQ(results.size(), 1 + run);
    EXPECT_EQ(results.at(results.size() - 2).output, "again");
    EXPECT_EQ(results.at(results.size() - 2).fingerprint, run);
  }
  // nothing to do: the file is left alone
  const auto written = fs::last_write_time(path);
  ResultsLog(folder.path(), everything).close();
  EXPECT_EQ(fs::last_write_time(path), written);
}

TEST(ResultsLog, ADiskTooFullForClosingLeavesTheLog) {
  const TemporaryFolder folder;
  const fs::path path = folder / "results.jsonl";
  ResultsLog log(folder.path(), everything);
  for (int i = 0; i < 100; ++i) log.done(1, result_of(std::to_string(i)));
  log.done(2, result_of("0"));
  const Bytes before = read_file(path);
  {
    const test::SizeLimit limit(1000);
    const test::ExpectedWarnings warnings;
    log.close();
    ASSERT_EQ(warnings.sentences().size(), 1);
    EXPECT_THAT(warnings.sentences().front(), testing::HasSubstr(path.string()));
  }
  EXPECT_EQ(read_file(path), before);
  ResultsLog(folder.path(), everything).close();
  EXPECT_EQ(lines_of(path).size(), 100);
}

TEST(ResultsLog, AFullDiskLosesNothingThatWasSaid) {
  const TemporaryFolder folder;
  std::set<std::string> moved;
  {
    const test::SizeLimit limit(20'000);
    ResultsLog log(folder.path(), everything);
    int refused = 0;
    for (int i = 0; i < 300; ++i) {
      const std::string output = std::to_string(i);
      try {
        log.begin_write(1, result_of(output), hash_of("picture"));
        put_output(folder / output, "picture");
        moved.insert(output);
        log.done(1, result_of(output));
      } catch (const Error&) {
        ++refused;
      }
    }
    EXPECT_GT(refused, 0);
  }
  const ResultsLog log(folder.path(), everything);
  EXPECT_GT(moved.size(), 50);
  for (int i = 0; i < 300; ++i) {
    const std::string output = std::to_string(i);
    EXPECT_EQ(log.known(output, 1), moved.contains(output) ? Known::done : Known::nothing)
        << output;
  }
}

TEST(ResultsLog, WhatOtherRunsDidIsKnown) {
  const TemporaryFolder folder;
  const Shard first{.index = 1, .count = 2};
  const Shard second{.index = 2, .count = 2};
  {
    ResultsLog log(folder.path(), first);
    log.done(1, result_of("a"));
    log.done(1, result_of("redone"));
    ResultsLog(folder.path(), second).done(1, result_of("b"));
    std::ofstream(folder / "results-2-of-2.jsonl", std::ios::app) << "{\"being writ";
  }
  {
    ResultsLog log(folder.path(), everything);
    EXPECT_EQ(log.known("a", 1), Known::done);
    EXPECT_EQ(log.known("b", 1), Known::done);
    log.failed(1, result_of("a"));
    log.done(2, result_of("redone"));
  }
  ResultsLog log(folder.path(), first);
  EXPECT_EQ(log.known("a", 1), Known::done);  // a failure leaves it as it was
  EXPECT_EQ(log.known("redone", 1), Known::nothing);
  EXPECT_EQ(log.known("redone", 2), Known::done);
  log.done(1, result_of("redone"));
  EXPECT_EQ(log.known("redone", 1), Known::done);
}

TEST(ResultsLog, TwoOnOneFolderAreRefused) {
  const TemporaryFolder folder;
  ResultsLog log(folder.path(), everything);
  log.done(1, result_of("a"));
  expect_error(Exit::file, [&] { (void)ResultsLog(folder.path(), everything); }, "another process");
  expect_error(Exit::file, [&] { (void)merge_results(folder.path()); }, "another process");
  EXPECT_EQ(lines_of(folder / "results.jsonl").size(), 1);
  log.close();
  EXPECT_EQ(ResultsLog(folder.path(), everything).known("a", 1), Known::done);
}

TEST(ResultsLog, ManyThreadsWriteWholeLines) {
  const TemporaryFolder folder;
  constexpr int threads = 8;
  constexpr int items = 2000;
  {
    ResultsLog log(folder.path(), everything);
    std::vector<std::jthread> running;
    for (int thread = 0; thread < threads; ++thread)
      running.emplace_back([&log, thread] {
        for (int i = 0; i < items; ++i) {
          const std::string output = std::to_string(thread) + "-" + std::to_string(i);
          EXPECT_EQ(log.known(output, 1), Known::nothing);
          log.begin_write(1, result_of(output), hash_of("picture"));
          if (i % 3 == 0)
            log.failed(1, result_of(output));
          else
            log.done(1, result_of(output));
          EXPECT_NE(log.known(output, 1), Known::nothing);
          if (i % 100 == 0) log.flush();
        }
      });
    running.clear();
    log.close();
  }
  std::set<std::string> outputs;
  for (const ResultLine& result : results_in(folder / "results.jsonl"))
    outputs.insert(result.output);
  EXPECT_EQ(outputs.size(), threads * items);
  EXPECT_EQ(lines_of(folder / "results.jsonl").size(), threads * items);
  EXPECT_EQ(fs::file_size(folder / ".ip2p" / "begun.jsonl"), 0);
}

TEST(ResultsLog, ALineAsLongAsItGetsIsRead) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), everything);
    log.failed(1, {{"output", "a"}, {"error", std::string(3'000'000, 'x')}});
    log.done(1, result_of("b"));
  }
  const ResultsLog log(folder.path(), everything);
  EXPECT_EQ(log.known("a", 1), Known::failed);
  EXPECT_EQ(log.known("b", 1), Known::done);
}

}  // namespace
}  // namespace ip2p
