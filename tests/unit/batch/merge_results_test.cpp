// merge_results_test.cpp - one line an output from many files, and what is missing.
#include <fstream>

#include <gtest/gtest.h>

#include "ip2p/batch/results_log.h"

#include "begun_writes.h"
#include "result_line.h"
#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using Json = nlohmann::ordered_json;

Json result_of(const std::string& output) {
  return {{"output", output}, {"seconds", 0.5}};
}

std::vector<ResultLine> merged_in(const fs::path& folder) {
  std::ifstream file(folder / "results.jsonl");
  std::vector<ResultLine> results;
  for (std::string line; std::getline(file, line);)
    results.push_back(parse_result_line(line).value());
  return results;
}

std::vector<std::string> outputs_of(const std::vector<ResultLine>& results) {
  std::vector<std::string> outputs;
  for (const ResultLine& result : results) outputs.push_back(result.output);
  return outputs;
}

/// An output that is there, and logged.
void do_item(ResultsLog& log, const fs::path& folder, const std::string& output,
             std::uint64_t fingerprint = 1) {
  std::ofstream(folder / output) << "picture";
  log.done(fingerprint, result_of(output));
}

TEST(MergeResults, JoinsShardsAndSaysWhatIsMissing) {
  const TemporaryFolder folder;
  {
    ResultsLog first(folder.path(), {.index = 1, .count = 3});
    ResultsLog third(folder.path(), {.index = 3, .count = 3});
    do_item(first, folder.path(), "c");
    do_item(first, folder.path(), "a");
    third.failed(1, result_of("d"));
    do_item(third, folder.path(), "caf\xe9");
    third.done(1, result_of("b"));  // of which the picture has been deleted
    third.finished(3);              // the first was killed
  }
  std::ofstream(folder / "results-3-of-3.jsonl", std::ios::app) << "{\"output\":\"torn";
  std::ofstream(folder / "results-4-of-3.jsonl") << "no file of ours";
  std::ofstream(folder / "results-01-of-3.jsonl") << "nor this";
  const Bytes before = read_file(folder / "results-3-of-3.jsonl");
  for (int again = 0; again < 2; ++again) {
    const MergedResults merged = merge_results(folder.path());
    EXPECT_EQ(merged.results, 5);
    EXPECT_EQ(merged.failed, 1);
    EXPECT_EQ(merged.missing, 1);
    EXPECT_EQ(merged.missing_outputs, std::vector<std::string>{"b"});
    EXPECT_EQ(merged.shards, 1);
    EXPECT_EQ(merged.of_shards, 3);
    EXPECT_EQ(merged.unfinished_shards, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(outputs_of(merged_in(folder.path())),
              (std::vector<std::string>{"a", "b", "c", "caf\xe9", "d"}));
  }
  EXPECT_EQ(read_file(folder / "results-3-of-3.jsonl"), before);
  // and a run of everything goes on from there
  const ResultsLog log(folder.path(), {});
  EXPECT_EQ(log.known("caf\xe9", 1), Known::done);
  EXPECT_EQ(log.known("d", 1), Known::failed);
}

TEST(MergeResults, ARunThatBeginsAgainIsUnfinishedAndAnEarlierCountIsNotWaitedFor) {
  const TemporaryFolder folder;
  for (std::uint64_t index = 1; index <= 2; ++index)
    ResultsLog(folder.path(), {.index = index, .count = 8}).close();
  fs::last_write_time(folder / "results-1-of-8.jsonl", fs::file_time_type::min());
  fs::last_write_time(folder / "results-2-of-8.jsonl", fs::file_time_type::min());
  for (std::uint64_t index = 1; index <= 2; ++index) {
    ResultsLog log(folder.path(), {.index = index, .count = 2});
    do_item(log, folder.path(), std::to_string(index));
    log.finished(1);
    log.close();
  }
  EXPECT_EQ(merge_results(folder.path()).shards, 2);
  EXPECT_EQ(merge_results(folder.path()).of_shards, 2);
  ResultsLog(folder.path(), {.index = 2, .count = 2}).close();  // and was killed at once
  EXPECT_EQ(merge_results(folder.path()).unfinished_shards, std::vector<std::uint64_t>{2});
}

TEST(MergeResults, TheLatestCountsButAFailureLeavesWhatTheSameRequestMade) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), {});
    do_item(log, folder.path(), "late failure", 1);
    do_item(log, folder.path(), "failed elsewhere", 1);
    do_item(log, folder.path(), "redone", 1);
    log.failed(1, result_of("failed twice"));
  }
  {
    ResultsLog log(folder.path(), {.index = 1, .count = 2});
    log.failed(2, result_of("late failure"));
    log.failed(1, result_of("failed elsewhere"));
    do_item(log, folder.path(), "redone", 2);
    log.failed(2, result_of("failed twice"));
  }
  const MergedResults merged = merge_results(folder.path());
  EXPECT_EQ(merged.results, 4);
  EXPECT_EQ(merged.failed, 2);
  const std::vector<ResultLine> results = merged_in(folder.path());
  EXPECT_EQ(results.at(0).output, "failed elsewhere");
  EXPECT_EQ(results.at(0).status, Status::done);
  EXPECT_EQ(results.at(1).output, "failed twice");
  EXPECT_EQ(results.at(1).fingerprint, 2);
  EXPECT_EQ(results.at(2).output, "late failure");
  EXPECT_EQ(results.at(2).fingerprint, 2);
  EXPECT_EQ(results.at(3).output, "redone");
  EXPECT_EQ(results.at(3).fingerprint, 2);
}

TEST(MergeResults, WhatAKilledShardMovedIsThere) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), {.index = 1, .count = 2});
    const std::string picture = "picture";
    const auto hash =
        sha256_of({reinterpret_cast<const std::uint8_t*>(picture.data()), picture.size()});
    log.begin_write(1, result_of("moved"), hash);
    log.begin_write(1, result_of("not moved"), hash);
    std::ofstream(folder / "moved") << picture;
  }
  EXPECT_EQ(merge_results(folder.path()).results, 1);
  EXPECT_EQ(merged_in(folder.path()).at(0).output, "moved");
  ResultsLog(folder.path(), {.index = 1, .count = 2}).close();
  EXPECT_EQ(merge_results(folder.path()).results, 1);
}

TEST(MergeResults, WholeOrNotAtAll) {
  const TemporaryFolder folder;
  {
    ResultsLog log(folder.path(), {});
    do_item(log, folder.path(), "before");
  }
  {
    ResultsLog log(folder.path(), {.index = 1, .count = 2});
    for (int i = 0; i < 100; ++i) do_item(log, folder.path(), std::to_string(i));
  }
  {
    const test::SizeLimit limit(5000);
    expect_error(
        Exit::file, [&] { (void)merge_results(folder.path()); }, "cannot write", "results.jsonl");
  }
  EXPECT_EQ(outputs_of(merged_in(folder.path())), std::vector<std::string>{"before"});
  std::ofstream(folder / "results-2-of-2.jsonl") << "{}\n";
  expect_error(
      Exit::file, [&] { (void)merge_results(folder.path()); }, "results-2-of-2.jsonl",
      "line 1 is no result");
  EXPECT_EQ(merged_in(folder.path()).size(), 1);
}

TEST(MergeResults, WhereThereAreNoneNothingIsMade) {
  const TemporaryFolder folder;
  for (const fs::path& empty : {folder.path(), folder / "none"})
    expect_error(
        Exit::file, [&] { (void)merge_results(empty); }, "no results to merge", empty.string());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace ip2p
