// earlier_results_test.cpp - looking at a folder of results changes nothing in it.
#include "ip2p/batch/earlier_results.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

Json made(const std::string& output, double edit_s, int steps, const std::string& bundle) {
  return {{"output", output},
          {"bundle_hash", bundle},
          {"steps", steps},
          {"seconds", {{"read", 9.0}, {"edit", edit_s}, {"write", 9.0}}}};
}

TEST(EarlierResults, NoFolderIsNoResults) {
  const test::TemporaryFolder folder;
  const EarlierResults earlier(folder / "nowhere");
  EXPECT_EQ(earlier.known("a.png", 1), Known::nothing);
  EXPECT_FALSE(earlier.step_s("b"));
}

TEST(EarlierResults, AllShardsCountWhileARunIsAtWork) {
  const test::TemporaryFolder folder;
  {
    ResultsLog shard(folder.path(), {.index = 2, .count = 3});
    shard.done(1, made("a.png", 1, 10, "b"));
    shard.close();
  }
  ResultsLog at_work(folder.path(), {.index = 1, .count = 3});
  at_work.failed(2, {{"output", "c.png"}});
  const EarlierResults earlier(folder.path());
  EXPECT_EQ(earlier.known("a.png", 1), Known::done);
  EXPECT_EQ(earlier.known("a.png", 7), Known::nothing);
  EXPECT_EQ(earlier.known("c.png", 2), Known::failed);
}

TEST(EarlierResults, AStepTakesWhatTheLatestPicturesOfThatBundleTook) {
  const test::TemporaryFolder folder;
  ResultsLog log(folder.path(), {});
  for (int i = 0; i < 300; ++i) log.done(1, made("old" + std::to_string(i), 100, 10, "b"));
  for (int i = 0; i < 100; ++i) {
    log.done(1, made("b" + std::to_string(i), 2, 10, "b"));
    log.done(1, made("c" + std::to_string(i), 30, 10, "c"));
  }
  log.close();
  const EarlierResults earlier(folder.path());
  EXPECT_DOUBLE_EQ(earlier.step_s("b").value(), 0.2);
  EXPECT_DOUBLE_EQ(earlier.step_s("c").value(), 3.0);
  EXPECT_FALSE(earlier.step_s("d"));
}

TEST(EarlierResults, ALineThatIsNoResultIsNamed) {
  const test::TemporaryFolder folder;
  const std::string words = "hello\n";
  write_atomically(folder / "results.jsonl", Bytes(words.begin(), words.end()), Existing::replace);
  test::expect_error(Exit::file, [&] { (void)EarlierResults(folder.path()); }, "results.jsonl");
}

}  // namespace
}  // namespace ip2p
