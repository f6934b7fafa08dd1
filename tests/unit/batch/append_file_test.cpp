// append_file_test.cpp - whole lines, whatever the disk does.
#include "append_file.h"

#include <fstream>

#include <gtest/gtest.h>

#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;

std::string content(const fs::path& path) {
  const Bytes bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

TEST(AppendFile, GrowsAndIsTakenUpAgain) {
  const TemporaryFolder folder;
  AppendFile(folder / "a", 0).append("one\n");
  AppendFile again(folder / "a", 4);
  again.append("two\n");
  again.sync();
  EXPECT_EQ(content(folder / "a"), "one\ntwo\n");
  EXPECT_EQ(again.size(), 8);
  again.clear();
  again.append("three\n");
  EXPECT_EQ(content(folder / "a"), "three\n");
}

TEST(AppendFile, CutsAnUnfinishedLine) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "one\ntw";
  AppendFile file(folder / "a", 4);
  EXPECT_EQ(content(folder / "a"), "one\n");
  file.append("two\n");
  EXPECT_EQ(content(folder / "a"), "one\ntwo\n");
}

TEST(AppendFile, AFullDiskLeavesWholeLines) {
  const TemporaryFolder folder;
  AppendFile file(folder / "a", 0);
  const std::string line = std::string(999, 'x') + "\n";
  std::string all;
  {
    const test::SizeLimit limit(10'500);
    for (int i = 0; i < 10; ++i) file.append(line);
    for (int i = 0; i < 3; ++i)
      expect_error(Exit::file, [&] { file.append(line); }, "cannot write", (folder / "a").string());
    EXPECT_EQ(fs::file_size(folder / "a"), 10'000);
    file.append("a short one fits\n");
  }
  for (int i = 0; i < 10; ++i) all += line;
  file.append(line);
  EXPECT_EQ(content(folder / "a"), all + "a short one fits\n" + line);
}

TEST(AppendFile, WhatIsNoFileIsNamed) {
  const TemporaryFolder folder;
  expect_error(
      Exit::file, [&] { AppendFile(folder.path(), 0); }, "cannot write", folder.path().string());
  expect_error(Exit::file, [] { AppendFile("/dev/null", 0); }, "/dev/null", "not a regular file");
  expect_error(Exit::file, [&] { AppendFile(folder / "none" / "a", 0); }, "none", "No such file");
}

}  // namespace
}  // namespace ip2p
