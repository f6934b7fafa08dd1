// shard_test.cpp - parts that are together everything and have nothing in common.
#include "ip2p/batch/shard.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Variables slurm(const char* task, const char* first, const char* last, const char* count,
                const char* step = "1") {
  return {{"SLURM_ARRAY_TASK_ID", task},
          {"SLURM_ARRAY_TASK_MIN", first},
          {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_COUNT", count},
          {"SLURM_ARRAY_TASK_STEP", step}};
}

void expect_shard(const Shard& shard, std::uint64_t index, std::uint64_t count) {
  EXPECT_EQ(shard.index, index);
  EXPECT_EQ(shard.count, count);
}

void expect_refused(const Variables& variables, const std::string& part) {
  expect_error(
      Exit::usage, [&] { shard_from(std::nullopt, environment_of(variables)); }, part, "--shard");
}

TEST(Shard, IsEverythingWhereNothingSaysOtherwise) {
  expect_shard(shard_from(std::nullopt, environment_of({})), 1, 1);
  expect_shard(shard_from(std::nullopt, environment_of({{"SLURM_ARRAY_TASK_ID", ""},
                                                        {"JOB_COMPLETION_INDEX", ""}})),
               1, 1);
}

TEST(Shard, IsWhatTheFlagSays) {
  expect_shard(shard_from("2/8", environment_of(slurm("3", "1", "4", "4"))), 2, 8);
  expect_shard(shard_from("1/1", environment_of({})), 1, 1);
  for (const char* given : {"0/8", "9/8", "2", "2/", "/8", "", "a/8", "2/8/3", "-1/8", "+1/8",
                            " 1/8", "1/0", "1/99999999999999999999"})
    expect_error(
        Exit::usage, [&] { shard_from(given, environment_of({})); }, "--shard: expected I/N",
        given);
}

TEST(Shard, IsTheTaskOfASlurmArray) {
  expect_shard(shard_from(std::nullopt, environment_of(slurm("3", "1", "4", "4"))), 3, 4);
  expect_shard(shard_from(std::nullopt, environment_of(slurm("0", "0", "7", "8"))), 1, 8);
  expect_shard(shard_from(std::nullopt, environment_of(slurm("4", "0", "6", "4", "2"))), 3, 4);
  expect_shard(shard_from(std::nullopt, environment_of(slurm("1", "1", "1", "1", "0"))), 1, 1);
  Variables without_step = slurm("2", "1", "3", "3");
  without_step.erase("SLURM_ARRAY_TASK_STEP");
  expect_shard(shard_from(std::nullopt, environment_of(without_step)), 2, 3);
}

TEST(Shard, OfASlurmArrayWithGapsIsRefused) {
  expect_refused(slurm("3", "1", "7", "3"), "unbroken range");       // --array=1,3,7
  expect_refused(slurm("3", "3", "3", "1"), "unbroken range");       // --array=3: one run again
  expect_refused(slurm("4", "3", "5", "3"), "unbroken range");       // --array=3-5
  expect_refused(slurm("3", "0", "6", "4", "2"), "unbroken range");  // no task of it
  expect_refused(slurm("9", "1", "4", "4"), "unbroken range");
  expect_refused(slurm("1", "1", "4", "0"), "unbroken range");
  expect_refused(slurm("1", "1", "4", "4", "0"), "unbroken range");
  expect_refused(slurm("x", "1", "4", "4"), "SLURM_ARRAY_TASK_ID: expected a whole number");
  Variables without_count = slurm("1", "1", "4", "4");
  without_count.erase("SLURM_ARRAY_TASK_COUNT");
  expect_refused(without_count,
                 "SLURM_ARRAY_TASK_COUNT: expected a whole number from 0, got nothing");
}

TEST(Shard, IsTheIndexOfAKubernetesJob) {
  expect_shard(shard_from(std::nullopt, environment_of({{"JOB_COMPLETION_INDEX", "0"},
                                                        {"JOB_COMPLETIONS", "3"}})),
               1, 3);
  expect_refused({{"JOB_COMPLETION_INDEX", "0"}}, "JOB_COMPLETIONS");
  expect_refused({{"JOB_COMPLETION_INDEX", "3"}, {"JOB_COMPLETIONS", "3"}}, "expected less than");
}

TEST(Shard, OfAnOutputIsTheSameInEveryVersion) {
  // by another program
  const std::map<std::string, std::vector<std::uint64_t>> expected{{"a.png", {2, 1, 2, 10}},
                                                                   {"sub/b.png", {1, 2, 3, 67}},
                                                                   {"für/雪.png", {2, 1, 6, 46}},
                                                                   {"x", {2, 3, 8, 976}}};
  const std::vector<std::uint64_t> counts{2, 3, 8, 1000};
  for (const auto& [output, indices] : expected)
    for (std::size_t i = 0; i < counts.size(); ++i)
      for (std::uint64_t index = 1; index <= counts[i]; ++index)
        EXPECT_EQ(in_shard(output, {.index = index, .count = counts[i]}), index == indices[i])
            << output << " of " << counts[i];
}

TEST(Shard, SplitsEvenly) {
  constexpr std::uint64_t count = 8;
  constexpr int outputs = 8000;
  std::vector<int> sizes(count);
  for (int i = 0; i < outputs; ++i) {
    int owners = 0;
    for (std::uint64_t index = 1; index <= count; ++index)
      if (in_shard("out_" + std::to_string(i) + ".png", {.index = index, .count = count})) {
        ++sizes[index - 1];
        ++owners;
      }
    EXPECT_EQ(owners, 1);
  }
  for (const int size : sizes) EXPECT_NEAR(size, 1000, 150);  // five standard deviations
}

}  // namespace
}  // namespace ip2p
