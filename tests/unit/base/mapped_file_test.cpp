// mapped_file_test.cpp - the bytes of a file, without a copy and with the errors of any file.
#include "ip2p/base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;

Bytes numbered(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 4096);
  return bytes;
}

Bytes copy(ByteSpan span) {
  return {span.begin(), span.end()};
}

TEST(MappedFile, HoldsTheBytes) {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    const Bytes bytes = numbered(size);
    write_atomically(folder / "data", bytes, Existing::replace);
    EXPECT_EQ(copy(MappedFile(folder / "data").bytes()), bytes);
  }
}

TEST(MappedFile, ReleasedBytesAndReplacedFilesStayReadable) {
  const TemporaryFolder folder;
  const Bytes bytes = numbered(100'000);
  write_atomically(folder / "data", bytes, Existing::keep);
  const MappedFile file(folder / "data");
  file.release(file.bytes().subspan(10, 50'000));
  file.release(file.bytes().subspan(99'990));
  write_atomically(folder / "data", numbered(5), Existing::replace);
  EXPECT_EQ(copy(file.bytes()), bytes);
}

TEST(MappedFile, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_error(
      Exit::file, [&] { MappedFile file(folder / "missing"); }, "missing",
      "No such file or directory");
  expect_error(Exit::file, [&] { MappedFile file(folder.path()); }, "not a regular file");
  expect_error(Exit::file, [&] { MappedFile file(folder / "pipe"); }, "pipe", "not a regular file");
}

}  // namespace
}  // namespace ip2p
