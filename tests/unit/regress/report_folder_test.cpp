// report_folder_test.cpp - whose folder it is, and what is in it at each moment.
#include "ip2p/regress/report_folder.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"
#include "support/without_root.h"

namespace ip2p {
namespace {

Bytes bytes_of(const std::string& words) {
  return {words.begin(), words.end()};
}

std::vector<std::string> pictures_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "pictures"))
    names.push_back("pictures/" + entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

TEST(ReportFolder, NamesPicturesForTheirContent) {
  const test::TemporaryFolder folder;
  ReportFolder report(folder / "a/report");
  const std::string one = report.add(bytes_of("one"), "png");
  EXPECT_EQ(report.add(bytes_of("one"), "png"), one);
  EXPECT_NE(report.add(bytes_of("two"), "png"), one);
  EXPECT_EQ(read_file(folder.path() / "a/report" / one), bytes_of("one"));
  EXPECT_FALSE(fs::exists(report.page()));
  report.finish("page");
  EXPECT_EQ(read_file(report.page()), bytes_of("page"));
  EXPECT_EQ(pictures_in(folder / "a/report").size(), 2U);
}

TEST(ReportFolder, AnEarlierReportStaysWholeUntilTheNewPageIsThere) {
  const test::TemporaryFolder folder;
  ReportFolder before(folder.path());
  const std::string old = before.add(bytes_of("old"), "png");
  const std::string both = before.add(bytes_of("both"), "png");
  before.finish("old page");

  ReportFolder after(folder.path());
  const std::string fresh = after.add(bytes_of("fresh"), "png");
  (void)after.add(bytes_of("both"), "png");
  EXPECT_EQ(read_file(after.page()), bytes_of("old page"));
  EXPECT_TRUE(fs::exists(folder.path() / old));

  after.finish("new page");
  EXPECT_EQ(read_file(after.page()), bytes_of("new page"));
  std::vector<std::string> expected{fresh, both};
  std::ranges::sort(expected);
  EXPECT_EQ(pictures_in(folder.path()), expected);
}

TEST(ReportFolder, WhatSomebodyPutThereStays) {
  const test::TemporaryFolder folder;
  {
    ReportFolder(folder.path()).finish("page");
  }
  for (const char* name : {"notes.txt", "pictures/mine.png"})
    write_atomically(folder / name, bytes_of("mine"), Existing::keep);
  {
    ReportFolder(folder.path()).finish("page");
  }
  for (const char* name : {"notes.txt", "pictures/mine.png"})
    EXPECT_TRUE(fs::exists(folder / name)) << name;
}

TEST(ReportFolder, AFolderOfSomebodyElseIsRefusedAndStays) {
  const test::TemporaryFolder folder;
  write_atomically(folder / "index.html", bytes_of("mine"), Existing::keep);
  test::expect_error(
      Exit::file, [&] { ReportFolder report(folder.path()); }, "no earlier report", "--html");
  EXPECT_EQ(read_file(folder / "index.html"), bytes_of("mine"));
  EXPECT_FALSE(fs::exists(folder / "pictures"));

  // Neither does a mark count that says something else, or that is a link to one.
  write_atomically(folder / ".ip2p-report", bytes_of("?"), Existing::keep);
  test::expect_error(Exit::file, [&] { ReportFolder report(folder.path()); }, "no earlier report");
  test::expect_error(Exit::file, [&] { ReportFolder report(folder / "index.html"); }, "index.html");
}

TEST(ReportFolder, ReportsOfAKilledRunAreTakenUp) {
  const test::TemporaryFolder folder;
  std::string left;
  {
    ReportFolder report(folder.path());
    left = report.add(bytes_of("left"), "png");
  }
  ReportFolder(folder.path()).finish("page");
  EXPECT_FALSE(fs::exists(folder.path() / left));
}

TEST(ReportFolder, OneThatCannotBeWrittenIsRefusedAtOnce) {
  const test::TemporaryFolder folder;
  {
    ReportFolder(folder.path()).finish("page");
  }
  constexpr fs::perms readable = fs::perms::owner_all | fs::perms::group_read |
                                 fs::perms::group_exec | fs::perms::others_read |
                                 fs::perms::others_exec;
  fs::permissions(folder.path(), readable);
  const test::WithoutRoot nobody;
  test::expect_error(Exit::file, [&] { ReportFolder report(folder.path()); }, "cannot write");
}

}  // namespace
}  // namespace ip2p
