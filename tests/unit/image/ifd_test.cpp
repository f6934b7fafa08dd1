// ifd_test.cpp - directories of tags: there and back, and damaged ones.
#include "ip2p/image/ifd.h"

#include <gtest/gtest.h>

namespace ip2p {
namespace {

IfdTree tree_of(bool big_endian) {
  IfdTree tree;
  tree.big_endian = big_endian;
  tree.main = {{0x010F, 2, 9, {'A', ' ', 'c', 'a', 'm', 'e', 'r', 'a', 0}},
               {0x0112, 3, 1, big_endian ? Bytes{0, 6} : Bytes{6, 0}}};
  tree.exif = {{0x829A, 5, 1, Bytes(8, 1)}};
  tree.gps = {{0x0001, 2, 2, {'N', 0}}};
  tree.interop = {{0x0001, 2, 4, {'R', '9', '8', 0}}};
  return tree;
}

void expect_equal(const Ifd& a, const Ifd& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].tag, b[i].tag);
    EXPECT_EQ(a[i].type, b[i].type);
    EXPECT_EQ(a[i].count, b[i].count);
    EXPECT_EQ(a[i].value, b[i].value);
  }
}

void expect_equal(const IfdTree& a, const IfdTree& b) {
  expect_equal(a.main, b.main);
  expect_equal(a.exif, b.exif);
  expect_equal(a.gps, b.gps);
  expect_equal(a.interop, b.interop);
}

TEST(Ifds, GoThereAndBackInBothByteOrders) {
  for (const bool big_endian : {false, true}) {
    const IfdTree tree = tree_of(big_endian);
    const IfdTree again = ifds_of(exif_block(tree));
    EXPECT_EQ(again.big_endian, big_endian);
    EXPECT_FALSE(again.main_damaged || again.damaged);
    expect_equal(again, tree);
  }
}

TEST(Ifds, ReplaceTheLastOfAFile) {
  Bytes file = exif_block(tree_of(false));
  IfdTree tree = ifds_of(file);
  tree.main.push_back({0x0131, 2, 5, {'i', 'p', '2', 'p', 0}});
  replace_last_ifd(file, tree);
  const IfdTree again = ifds_of(file);
  EXPECT_FALSE(again.main_damaged || again.damaged);
  expect_equal(again, tree);
}

TEST(Ifds, OfACutFileAreReadAsFarAsTheyGoAndNeverBeyond) {
  const Bytes whole = exif_block(tree_of(true));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const IfdTree tree = ifds_of(ByteSpan(whole).first(length));
    EXPECT_LE(tree.main.size(), 2U);
    // The main directory is the last thing in the block, but for a byte that fills up its values.
    EXPECT_TRUE(length < 8 || length + 1 == whole.size() || tree.main_damaged) << length;
  }
}

TEST(Ifds, DoNotCopyTheSameBytesForEver) {
  // 1000 tags that all claim the whole file.
  constexpr std::uint32_t count = 1000;
  IfdTree tree;
  for (std::uint16_t i = 0; i < count; ++i) tree.main.push_back({i, 4, 1, {0, 0, 0, 0}});
  Bytes block = exif_block(tree);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = 8 + 2 + i * 12;
    block[entry + 2] = 1;  // bytes
    block[entry + 4] = 0x00;
    block[entry + 5] = 0x20;  // 8192 of them, from the beginning
  }
  std::size_t copied = 0;
  for (const IfdEntry& entry : ifds_of(block).main) copied += entry.value.size();
  EXPECT_GT(copied, 0U);
  EXPECT_LE(copied, block.size());
}

TEST(Ifds, TellDescriptionFromStorage) {
  const Ifd tags{{0x0100, 4, 1, Bytes(4)}, {0x010F, 2, 1, Bytes(1)}, {0x0111, 4, 1, Bytes(4)}};
  ASSERT_EQ(descriptive(tags).size(), 1U);
  EXPECT_EQ(descriptive(tags)[0].tag, 0x010F);
}

}  // namespace
}  // namespace ip2p
