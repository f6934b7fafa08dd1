// run_lock_test.cpp - who waits for whom, and that the dead hold nothing.
#include "run_lock.h"

#include <csignal>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;

bool can_lock(const fs::path& folder, const Shard& shard) {
  try {
    const RunLock lock(folder, shard);
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(RunLock, EverythingExcludesAll) {
  const TemporaryFolder folder;
  std::optional<RunLock> lock(std::in_place, folder.path(), Shard{});
  expect_error(
      Exit::file, [&] { RunLock(folder.path(), Shard{}); }, folder.path().string(),
      "another process is at work", "on all of it", "wait", "another folder");
  EXPECT_FALSE(can_lock(folder.path(), {.index = 1, .count = 3}));
  lock.reset();
  EXPECT_TRUE(can_lock(folder.path(), {}));
  EXPECT_TRUE(can_lock(folder.path(), {.index = 1, .count = 3}));
}

TEST(RunLock, ShardsOfOneCountShare) {
  const TemporaryFolder folder;
  std::optional<RunLock> first(std::in_place, folder.path(), Shard{.index = 1, .count = 3});
  std::optional<RunLock> second(std::in_place, folder.path(), Shard{.index = 2, .count = 3});
  expect_error(Exit::file, [&] { RunLock(folder.path(), Shard{}); }, "in 3 shards");
  expect_error(
      Exit::file, [&] { RunLock(folder.path(), Shard{.index = 3, .count = 4}); }, "in 3 shards");
  expect_error(
      Exit::file, [&] { RunLock(folder.path(), Shard{.index = 2, .count = 3}); },
      "the same shard, 2 of 3");
  EXPECT_TRUE(can_lock(folder.path(), {.index = 3, .count = 3}));
  first.reset();  // the one that wrote the count
  EXPECT_FALSE(can_lock(folder.path(), {.index = 3, .count = 4}));
  EXPECT_TRUE(can_lock(folder.path(), {.index = 1, .count = 3}));
  second.reset();
  EXPECT_TRUE(can_lock(folder.path(), {.index = 3, .count = 4}));
  EXPECT_TRUE(can_lock(folder.path(), {}));
}

TEST(RunLock, AKilledProcessHoldsNothing) {
  const TemporaryFolder folder;
  for (const Shard& shard : {Shard{}, Shard{.index = 2, .count = 3}}) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const RunLock lock(folder.path(), shard);
      if (::write(ready[1], "x", 1) == 1)
        for (;;) ::pause();
      ::_exit(1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    EXPECT_FALSE(can_lock(folder.path(), shard));
    EXPECT_FALSE(can_lock(folder.path(), Shard{}));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    EXPECT_TRUE(can_lock(folder.path(), Shard{}));
    EXPECT_TRUE(can_lock(folder.path(), {.index = 5, .count = 8}));
  }
}

TEST(RunLock, ManyAtOnceNeverDisagree) {
  const TemporaryFolder folder;
  const auto at_work = [&](std::uint64_t count, std::uint64_t index) {
    return folder / ("at-work-" + std::to_string(index) + "-of-" + std::to_string(count));
  };
  // Each process takes a lock and gives it back many times, now as one of two shards, now as one of
  // three, and meanwhile sees no sign of the other count.
  const auto work = [&](std::uint64_t index) {
    int taken = 0;
    for (std::uint64_t i = 0; i < 500; ++i) try {
        const Shard shard{.index = index, .count = 2 + (i + index) % 2};
        const RunLock lock(folder.path(), shard);
        fs::create_directory(at_work(shard.count, index));
        for (const std::uint64_t other : {1U, 2U})
          if (fs::exists(at_work(5 - shard.count, other))) return 1;
        fs::remove(at_work(shard.count, index));
        ++taken;
      } catch (const Error&) {
      }
    return taken > 0 ? 0 : 2;
  };
  std::vector<pid_t> children;
  for (const std::uint64_t index : {1U, 1U, 2U, 2U}) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work(index));
    children.push_back(child);
  }
  int worked = 0;  // a process may never come to its turn
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 1) << "two counts at work at once";
    worked += WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  EXPECT_GT(worked, 0);
}

TEST(RunLock, AFolderThatCannotBeIsNamed) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", {}, Existing::keep);
  expect_error(
      Exit::file, [&] { RunLock(folder / "file", Shard{}); }, "cannot make the folder", "file");
}

}  // namespace
}  // namespace ip2p
