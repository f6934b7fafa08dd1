// run_lock_test.cpp - who waits for whom, and that the dead hold nothing.
#include "run_lock.h"

#include <csignal>
#include <optional>

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

TEST(RunLock, ManyAtOnceNeverAgree) {
  const TemporaryFolder folder;
  std::vector<pid_t> children;
  // Each process takes a lock and gives it back many times. What may not be there together with it
  // is in a file of its own: everything (0), or the count of the shards.
  for (std::uint64_t child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    if (pid != 0) {
      children.push_back(pid);
      continue;
    }
    const Shard shard{.index = child % 2 + 1, .count = child < 2 ? std::uint64_t{2} : 3};
    const fs::path mine = folder / ("at-work-" + std::to_string(shard.count));
    const fs::path others = folder / ("at-work-" + std::to_string(5 - shard.count));
    bool is_alone = true;
    int taken = 0;
    for (int i = 0; i < 3000; ++i) try {
        const RunLock lock(folder.path(), shard);
        const fs::path own = mine.string() + "-" + std::to_string(shard.index);
        fs::create_directory(own);
        is_alone &= !fs::exists(others.string() + "-1") && !fs::exists(others.string() + "-2");
        fs::remove(own);
        ++taken;
      } catch (const Error&) {
      }
    ::_exit(is_alone ? (taken > 0 ? 0 : 2) : 1);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

TEST(RunLock, AFolderThatCannotBeIsNamed) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", {}, Existing::keep);
  expect_error(
      Exit::file, [&] { RunLock(folder / "file", Shard{}); }, "cannot make the folder", "file");
}

}  // namespace
}  // namespace ip2p
