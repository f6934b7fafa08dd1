// growing_file_test.cpp - a file that is there when it is finished, and not before.
#include "growing_file.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

TEST(GrowingFile, IsThereWhenItIsFinished) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "a" / "b";
  {
    GrowingFile file(path, 10);
    file.write(3, Bytes{1, 2});
    EXPECT_FALSE(fs::exists(path));
    expect_error(Exit::file, [&] { GrowingFile second(path, 10); }, "is being written by another");
    file.finish();
  }
  EXPECT_EQ(read_file(path), (Bytes{0, 0, 0, 1, 2, 0, 0, 0, 0, 0}));
  {
    const GrowingFile dropped(folder / "c", 10);
  }
  EXPECT_FALSE(fs::exists(folder / "c"));
  EXPECT_FALSE(fs::exists(folder / "c.partial"));
}

TEST(GrowingFile, TakesOverWhatWasKept) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "b";
  const auto content = [](const GrowingFile& file) {
    Bytes bytes(4);
    file.read(0, bytes);
    return bytes;
  };
  {
    GrowingFile file(path, 4);
    file.write(1, Bytes{7});
    file.keep();
  }
  {
    GrowingFile file(path, 4);
    EXPECT_EQ(content(file), (Bytes{0, 7, 0, 0}));
    file.clear();
    EXPECT_EQ(content(file), (Bytes{0, 0, 0, 0}));
    file.write(1, Bytes{7});
    file.keep();
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(fs::file_size(GrowingFile::partial_name(path)), 4U);
  const GrowingFile larger(path, 8);
  EXPECT_EQ(content(larger), (Bytes{0, 0, 0, 0})) << "of another size: not this file";
}

}  // namespace
}  // namespace ip2p
