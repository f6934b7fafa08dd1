// ifd.cpp - reading and laying out directories of tags.
#include "ip2p/image/ifd.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ip2p {
namespace {

constexpr std::uint16_t exif_pointer = 0x8769;
constexpr std::uint16_t gps_pointer = 0x8825;
constexpr std::uint16_t interop_pointer = 0xA005;
constexpr std::uint16_t type_short = 3;
constexpr std::uint16_t type_long = 4;
constexpr std::size_t header_bytes = 8;
constexpr std::size_t entry_bytes = 12;

/// Bytes of one value of a type; 0 for types that are not known.
std::uint64_t size_of(std::uint16_t type) {
  constexpr std::array<std::uint8_t, 14> sizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < sizes.size() ? sizes.at(type) : 0;
}

/// Numbers of a file in its byte order.
class Numbers {
 public:
  Numbers(ByteSpan file, bool big_endian)
      : budget(file.size()), file_(file), big_endian_(big_endian) {}

  std::uint64_t budget;  ///< bytes of values that may still be copied: no more than the file has

  [[nodiscard]] bool has(std::uint64_t at, std::uint64_t count) const {
    return at <= file_.size() && count <= file_.size() - at;
  }
  [[nodiscard]] std::uint16_t u16(std::uint64_t at) const {
    return static_cast<std::uint16_t>(number(at, 2));
  }
  [[nodiscard]] std::uint32_t u32(std::uint64_t at) const { return number(at, 4); }
  [[nodiscard]] Bytes bytes(std::uint64_t at, std::uint64_t count) const {
    const ByteSpan part = file_.subspan(at, count);
    return {part.begin(), part.end()};
  }

 private:
  [[nodiscard]] std::uint32_t number(std::uint64_t at, std::size_t count) const {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < count; ++i)
      out = out << 8U | file_[at + (big_endian_ ? i : count - 1 - i)];
    return out;
  }

  ByteSpan file_;
  bool big_endian_;
};

/// The entry at an offset; nothing when its value is not in the file. Of an unknown type it is
/// empty. `budget` bytes of values are left: tags that all claim the same bytes must not fill the
/// memory.
std::optional<IfdEntry> entry_at(const Numbers& file, std::uint64_t at, std::uint64_t& budget) {
  IfdEntry entry{file.u16(at), file.u16(at + 2), file.u32(at + 4), {}};
  const std::uint64_t size = size_of(entry.type) * entry.count;
  const std::uint64_t value_at = size <= 4 ? at + 8 : file.u32(at + 8);
  if (size == 0) return entry;
  if (!file.has(value_at, size) || size > budget) return std::nullopt;
  budget -= size;
  entry.value = file.bytes(value_at, size);
  return entry;
}

Ifd ifd_at(Numbers& file, std::uint64_t at, bool& damaged) {
  if (!file.has(at, 2)) {
    damaged = true;
    return {};
  }
  Ifd out;
  for (std::uint64_t i = 0, count = file.u16(at); i < count; ++i) {
    const std::uint64_t entry = at + 2 + i * entry_bytes;
    const auto read =
        file.has(entry, entry_bytes) ? entry_at(file, entry, file.budget) : std::nullopt;
    if (read && !read->value.empty()) out.push_back(*read);
    damaged = damaged || !read;
  }
  // After the entries is the offset of the next directory.
  damaged = damaged || !file.has(at + 2 + file.u16(at) * entry_bytes, 4);
  return out;
}

/// Takes the pointer out of a directory and reads what it points to. Directories that EXIF does not
/// have at that place are not followed, so loops cannot be.
Ifd child_of(Ifd& parent, std::uint16_t pointer, Numbers& file, IfdTree& tree) {
  const auto found = std::ranges::find(parent, pointer, &IfdEntry::tag);
  if (found == parent.end()) return {};
  const IfdEntry entry = *found;
  std::erase_if(parent, [&](const IfdEntry& e) { return e.tag == pointer; });
  if (entry.value.size() != 4) return {};
  return ifd_at(file, Numbers(entry.value, tree.big_endian).u32(0), tree.damaged);
}

/// Directories being laid out, one after another, for a place in a file.
class Layout {
 public:
  Layout(std::size_t base, bool big_endian) : base_(base), big_endian_(big_endian) {}

  /// Appends a directory and returns where in the file it is.
  std::uint32_t append(Ifd ifd) {
    std::ranges::stable_sort(ifd, {}, &IfdEntry::tag);
    const std::size_t start = out_.size();
    std::size_t values_at = start + 2 + ifd.size() * entry_bytes + 4;
    Bytes values;
    number(ifd.size(), 2);
    for (const IfdEntry& entry : ifd) {
      number(entry.tag, 2);
      number(entry.type, 2);
      number(entry.count, 4);
      if (entry.value.size() <= 4) {
        out_.insert(out_.end(), entry.value.begin(), entry.value.end());
        out_.resize(out_.size() + 4 - entry.value.size());
      } else {
        number(base_ + values_at + values.size(), 4);
        values.insert(values.end(), entry.value.begin(), entry.value.end());
        values.resize(values.size() + values.size() % 2);
      }
    }
    number(0, 4);
    out_.insert(out_.end(), values.begin(), values.end());
    return static_cast<std::uint32_t>(base_ + start);
  }

  /// A tag that points to a directory, for its parent.
  [[nodiscard]] IfdEntry pointer(std::uint16_t tag, std::uint32_t target) const {
    return {.tag = tag, .type = type_long, .count = 1, .value = encoded(target, 4)};
  }

  [[nodiscard]] Bytes encoded(std::uint64_t value, std::size_t count) const {
    Bytes out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[big_endian_ ? count - 1 - i : i] = static_cast<std::uint8_t>(value >> (8 * i));
    return out;
  }

  [[nodiscard]] const Bytes& bytes() const { return out_; }

 private:
  void number(std::uint64_t value, std::size_t count) {
    const Bytes bytes = encoded(value, count);
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

  std::size_t base_;
  bool big_endian_;
  Bytes out_;
};

/// Lays out all directories, children first, and returns where the main one is.
std::uint32_t append_tree(Layout& layout, IfdTree tree) {
  if (!tree.interop.empty())
    tree.exif.push_back(layout.pointer(interop_pointer, layout.append(std::move(tree.interop))));
  if (!tree.exif.empty())
    tree.main.push_back(layout.pointer(exif_pointer, layout.append(std::move(tree.exif))));
  if (!tree.gps.empty())
    tree.main.push_back(layout.pointer(gps_pointer, layout.append(std::move(tree.gps))));
  return layout.append(std::move(tree.main));
}

}  // namespace

IfdTree ifds_of(ByteSpan file) {
  IfdTree tree;
  if (file.size() < header_bytes) return tree;
  tree.big_endian = file[0] == 'M';
  Numbers numbers(file, tree.big_endian);
  constexpr std::uint16_t classic = 42;
  if (numbers.u16(2) != classic) return tree;
  tree.main_at = numbers.u32(4);
  tree.main = ifd_at(numbers, tree.main_at, tree.main_damaged);
  tree.exif = child_of(tree.main, exif_pointer, numbers, tree);
  tree.gps = child_of(tree.main, gps_pointer, numbers, tree);
  tree.interop = child_of(tree.exif, interop_pointer, numbers, tree);
  return tree;
}

std::optional<std::uint32_t> number(const IfdTree& tree, std::uint16_t tag) {
  const auto found = std::ranges::find(tree.main, tag, &IfdEntry::tag);
  if (found == tree.main.end() || found->count != 1) return std::nullopt;
  const Numbers value(found->value, tree.big_endian);
  if (found->type == type_short) return value.u16(0);
  if (found->type == type_long) return value.u32(0);
  return std::nullopt;
}

Bytes exif_block(const IfdTree& tree) {
  Layout layout(header_bytes, tree.big_endian);
  const std::uint32_t main_at = append_tree(layout, tree);
  const std::uint8_t order = tree.big_endian ? 'M' : 'I';
  Bytes block{order, order};
  for (const Bytes& part : {layout.encoded(42, 2), layout.encoded(main_at, 4), layout.bytes()})
    block.insert(block.end(), part.begin(), part.end());
  return block;
}

void replace_last_ifd(Bytes& file, const IfdTree& tree) {
  file.resize(tree.main_at + tree.main_at % 2);
  Layout layout(file.size(), tree.big_endian);
  const Bytes main_at = layout.encoded(append_tree(layout, tree), 4);
  std::ranges::copy(main_at, file.begin() + 4);
  file.insert(file.end(), layout.bytes().begin(), layout.bytes().end());
}

Ifd descriptive(const Ifd& main) {
  // ImageDescription, Make, Model, Orientation, X and Y resolution and their unit, Software,
  // DateTime, Artist, HostComputer, Copyright, and Windows' title, comment, author, keywords,
  // subject.
  constexpr std::array<std::uint16_t, 17> tags{0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B,
                                               0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298,
                                               0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F};
  Ifd out;
  std::ranges::copy_if(main, std::back_inserter(out), [&](const IfdEntry& entry) {
    return std::ranges::find(tags, entry.tag) != tags.end();
  });
  return out;
}

}  // namespace ip2p
