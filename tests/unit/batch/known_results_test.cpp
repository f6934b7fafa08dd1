// known_results_test.cpp - the last word counts, however the lines come.
#include "known_results.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

ResultLine line(const std::string& output, std::uint64_t fingerprint, Status status,
                std::int64_t time_ms) {
  return {.output = output, .fingerprint = fingerprint, .status = status, .time_ms = time_ms};
}

KnownResult said(const KnownResults& known, const std::string& output) {
  const auto found = known.find(output_hash(output));
  EXPECT_TRUE(found) << output;
  return found.value_or(KnownResult{});
}

TEST(KnownResults, TheLatestLineCounts) {
  KnownResults known;
  known.add(line("a", 2, Status::failed, 20), 0);
  known.add(line("a", 1, Status::done, 10), 0);
  known.add(line("b", 3, Status::failed, 10), 0);
  known.add(line("b", 3, Status::done, 11), 1);
  known.settle();
  EXPECT_EQ(said(known, "a").fingerprint, 2);
  EXPECT_EQ(said(known, "a").is_done, 0);
  EXPECT_EQ(said(known, "b").is_done, 1);
  EXPECT_FALSE(known.find(output_hash("c")));
  EXPECT_EQ(known.superseded_in(0), 1);
  EXPECT_EQ(known.superseded_in(1), 0);
}

TEST(KnownResults, AFailureElsewhereLeavesWhatIsDone) {
  KnownResults known;
  known.add(line("elsewhere", 1, Status::done, 10), 1);
  known.add(line("elsewhere", 1, Status::failed, 20), 2);
  known.add(line("same file", 1, Status::done, 10), 1);
  known.add(line("same file", 1, Status::failed, 20), 1);
  known.add(line("other request", 1, Status::done, 10), 1);
  known.add(line("other request", 2, Status::failed, 20), 2);
  // the failure of 1 does not bring back what 2 has replaced
  known.add(line("replaced", 1, Status::done, 10), 1);
  known.add(line("replaced", 2, Status::done, 20), 2);
  known.add(line("replaced", 1, Status::failed, 30), 3);
  known.settle();
  EXPECT_EQ(said(known, "elsewhere").is_done, 1);
  EXPECT_EQ(said(known, "same file").is_done, 0);
  EXPECT_EQ(said(known, "other request").fingerprint, 2);
  EXPECT_EQ(said(known, "replaced").fingerprint, 1);
  EXPECT_EQ(said(known, "replaced").is_done, 0);
}

TEST(KnownResults, ManyPutAmongManyReadAreAllFound) {
  std::mt19937_64 random(7);  // NOLINT: the same every time
  std::map<std::string, std::uint64_t> expected;
  KnownResults known;
  for (int i = 0; i < 30'000; ++i) {
    const std::string output = "read/" + std::to_string(random() % 20'000);
    known.add(line(output, static_cast<std::uint64_t>(i), Status::done, i), 0);
    expected[output] = static_cast<std::uint64_t>(i);
  }
  known.settle();
  for (int i = 30'000; i < 90'000; ++i) {
    const std::string output =
        (random() % 2 == 0 ? "read/" : "new/") + std::to_string(random() % 40'000);
    EXPECT_EQ(known.put(line(output, static_cast<std::uint64_t>(i), Status::done, i), 0),
              expected.contains(output));
    expected[output] = static_cast<std::uint64_t>(i);
  }
  for (const auto& [output, fingerprint] : expected)
    ASSERT_EQ(said(known, output).fingerprint, fingerprint) << output;
  known.clear();
  EXPECT_FALSE(known.find(output_hash(expected.begin()->first)));
}

}  // namespace
}  // namespace ip2p
