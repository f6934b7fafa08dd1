// folder_lock_test.cpp - one run at a time.
#include "folder_lock.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

TEST(FolderLock, IsHeldByOneUntilItIsGone) {
  const test::TemporaryFolder folder;
  {
    const FolderLock first(folder.path());
    test::expect_error(
        Exit::file, [&] { const FolderLock second(folder.path()); }, folder.path().string(),
        "belongs to another run");
  }
  EXPECT_NO_THROW(const FolderLock again(folder.path()));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace ip2p
