// files_test.cpp - whole or not at all, never over what is there.
#include "ip2p/base/files.h"

#include <future>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"
#include "support/without_root.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::SizeLimit;
using test::TemporaryFolder;

Bytes bytes_of(std::string_view characters) {
  return {characters.begin(), characters.end()};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator{}));
}

TEST(Files, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  Bytes bytes(3'000'001);  // more than one read
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  write_atomically(folder / "a b.png", bytes, Existing::keep);
  EXPECT_EQ(read_file(folder / "a b.png"), bytes);
  write_atomically(folder / "empty", Bytes{}, Existing::keep);
  EXPECT_TRUE(read_file(folder / "empty").empty());
  EXPECT_EQ(entries(folder.path()), 2);
}

TEST(Files, AnExistingFileStays) {
  const TemporaryFolder folder;
  const fs::path path = folder / "out.png";
  write_atomically(path, bytes_of("first"), Existing::keep);
  expect_error(
      Exit::file, [&] { write_atomically(path, bytes_of("second"), Existing::keep); },
      path.string(), "exists already", "--overwrite");
  expect_error(Exit::file, [&] { check_writable(path, Existing::keep); }, "exists already");
  EXPECT_EQ(read_file(path), bytes_of("first"));

  write_atomically(path, bytes_of("third"), Existing::replace);
  EXPECT_EQ(read_file(path), bytes_of("third"));
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(Files, ALinkToNothingStaysToo) {
  const TemporaryFolder folder;
  fs::create_symlink("nowhere", folder / "link");
  expect_error(
      Exit::file, [&] { write_atomically(folder / "link", {}, Existing::keep); }, "exists already");
  expect_error(
      Exit::file, [&] { check_writable(folder / "link", Existing::keep); }, "exists already");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
}

/// Makes `path` as soon as another file is in its folder. Whether it was the first to make it.
bool make_in_between(const fs::path& path) {
  while (fs::is_empty(path.parent_path())) std::this_thread::yield();
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  return file >= 0 && ::close(file) == 0;
}

TEST(Files, AFileThatAppearsWhileWritingStays) {
  int made = 0;
  for (int attempt = 0; attempt < 20 && made < 2; ++attempt) {
    const TemporaryFolder folder;
    const fs::path path = folder / "out.png";
    auto other = std::async(std::launch::async, make_in_between, path);
    bool written = true;
    try {
      write_atomically(path, Bytes(8 << 20), Existing::keep);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("exists already"));
      written = false;
    }
    const bool other_was_first = other.get();
    EXPECT_NE(written, other_was_first);
    EXPECT_EQ(fs::file_size(path), other_was_first ? 0 : 8 << 20);
    EXPECT_EQ(entries(folder.path()), 1);
    made += other_was_first ? 1 : 0;
  }
  EXPECT_GT(made, 0);
}

TEST(Files, AFailedWriteLeavesNothing) {
  const TemporaryFolder folder;
  const fs::path path = folder / "out.png";
  write_atomically(path, bytes_of("old"), Existing::keep);
  {
    const SizeLimit limit(1000);
    expect_error(
        Exit::file, [&] { write_atomically(path, Bytes(5000), Existing::replace); }, "cannot write",
        path.string());
    expect_error(
        Exit::file, [&] { write_atomically(folder / "new", Bytes(5000), Existing::keep); },
        "cannot write");
  }
  EXPECT_EQ(read_file(path), bytes_of("old"));
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(Files, AStreamIsWrittenPartByPart) {
  const TemporaryFolder folder;
  const fs::path path = folder / "out";
  const auto write = [](const Sink& sink) {
    sink(bytes_of("one, "));
    sink({});
    sink(bytes_of("two"));
  };
  stream_atomically(path, write, Existing::keep);
  EXPECT_EQ(read_file(path), bytes_of("one, two"));
  expect_error(Exit::file, [&] { stream_atomically(path, write, Existing::keep); }, "exists");
}

TEST(Files, AStreamThatBreaksOffLeavesNothing) {
  const TemporaryFolder folder;
  const fs::path path = folder / "out";
  write_atomically(path, bytes_of("old"), Existing::keep);
  const auto breaks = [](const Sink& sink) {
    sink(bytes_of("new"));
    throw Error(Exit::device, "the device is gone");
  };
  expect_error(
      Exit::device, [&] { stream_atomically(path, breaks, Existing::replace); }, "is gone");
  EXPECT_EQ(read_file(path), bytes_of("old"));
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(Files, WhatAKilledProcessLeftIsRemoved) {
  const TemporaryFolder folder;
  write_atomically(folder / "whole", bytes_of("whole"), Existing::keep);
  write_atomically(folder / ".ip2p-partial-killed", bytes_of("half"), Existing::keep);
  const auto writing = [&](const Sink& sink) {
    sink(bytes_of("ha"));
    EXPECT_EQ(entries(folder.path()), 3);
    remove_partial_files(folder.path());
    EXPECT_EQ(entries(folder.path()), 2) << "what is being written stays";
    sink(bytes_of("lf"));
  };
  stream_atomically(folder / "new", writing, Existing::keep);
  EXPECT_EQ(read_file(folder / "new"), bytes_of("half"));
  EXPECT_EQ(read_file(folder / "whole"), bytes_of("whole"));
  remove_partial_files(folder / "missing");
}

TEST(Files, NewFilesHaveTheUsualPermissions) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(027);
  write_atomically(folder / "a", bytes_of("a"), Existing::keep);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(Files, TargetsThatCannotBeAreRefusedBeforeWriting) {
  const TemporaryFolder folder;
  expect_error(
      Exit::file, [&] { check_writable(folder / "missing" / "out.png", Existing::keep); },
      "there is no folder", (folder / "missing").string());
  expect_error(
      Exit::file, [&] { write_atomically(folder / "missing" / "a", {}, Existing::keep); },
      "there is no folder");
  expect_error(
      Exit::file, [&] { check_writable(folder.path(), Existing::replace); }, "it is a folder");
  EXPECT_NO_THROW(check_writable(folder / "out.png", Existing::keep));
  EXPECT_EQ(entries(folder.path()), 0);
}

TEST(Files, AFolderWithoutPermissionIsRefused) {
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  {
    const test::WithoutRoot someone;
    expect_error(
        Exit::file, [&] { check_writable(folder / "a", Existing::keep); }, "Permission denied");
    expect_error(
        Exit::file, [&] { write_atomically(folder / "a", {}, Existing::replace); },
        "Permission denied");
  }
  fs::permissions(folder.path(), fs::perms::owner_all);
  EXPECT_EQ(entries(folder.path()), 0);
}

TEST(Files, WhatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  const fs::path missing = folder / "missing.png";
  expect_error(Exit::file, [&] { read_file(missing); }, missing.string(), "No such file");
  expect_error(Exit::file, [&] { read_file(folder.path()); }, "it is a folder");
  expect_error(Exit::file, [&] { sha256_of_file(missing); }, missing.string());
}

TEST(Files, ReadingStopsAtTheLimit) {
  const TemporaryFolder folder;
  write_atomically(folder / "five", bytes_of("12345"), Existing::keep);
  EXPECT_EQ(read_file(folder / "five", 5).size(), 5);
  expect_error(Exit::file, [&] { read_file(folder / "five", 4); }, "longer than 4 bytes");
  expect_error(Exit::file, [] { read_file("/dev/zero", 1 << 22); }, "longer than");
}

TEST(Files, Sha256IsTheStandards) {  // FIPS 180-4, NIST's examples
  EXPECT_EQ(sha256_of({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of(bytes_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const Bytes million(1'000'000, 'a');
  const std::string expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  EXPECT_EQ(sha256_of(million), expected);
  const TemporaryFolder folder;
  write_atomically(folder / "million", million, Existing::keep);
  EXPECT_EQ(sha256_of_file(folder / "million"), expected);
}

}  // namespace
}  // namespace ip2p
