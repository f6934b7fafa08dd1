// exif_block.h - an EXIF block that can be changed, through libexif, which reads damaged ones
// without harm.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include <libexif/exif-data.h>
#include <libexif/exif-log.h>

#include "ip2p/base/files.h"

namespace ip2p {

struct Release {
  void operator()(ExifData* data) const { exif_data_unref(data); }
  void operator()(ExifMem* memory) const { exif_mem_unref(memory); }
  void operator()(ExifLog* log) const { exif_log_unref(log); }
  void operator()(ExifEntry* entry) const { exif_entry_unref(entry); }
};
template <class Object>
using Handle = std::unique_ptr<Object, Release>;

template <class Object>
Handle<Object> owned(Object* object) {
  if (object == nullptr) throw std::bad_alloc();
  return Handle<Object>(object);
}

inline void note_damage(ExifLog*, ExifLogCode code, const char*, const char*, std::va_list,
                        void* damaged) {
  if (code == EXIF_LOG_CODE_CORRUPT_DATA) *static_cast<bool*>(damaged) = true;
}

/// An EXIF block that can be changed.
class Exif {
 public:
  Exif() : memory_(owned(exif_mem_new_default())), data_(owned(exif_data_new_mem(memory_.get()))) {
    // Keep what libexif does not know, and do not "fix" what it does.
    exif_data_unset_option(data_.get(), EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS);
    exif_data_unset_option(data_.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
    exif_data_set_byte_order(data_.get(), EXIF_BYTE_ORDER_INTEL);
  }

  /// Fills this from a block; false when something in it is damaged.
  bool load(ByteSpan block) {
    bool damaged = false;
    const Handle<ExifLog> log = owned(exif_log_new());
    exif_log_set_func(log.get(), note_damage, &damaged);
    exif_data_log(data_.get(), log.get());
    Bytes bytes(jpeg_header.begin(), jpeg_header.end());
    bytes.insert(bytes.end(), block.begin(), block.end());
    exif_data_load_data(data_.get(), bytes.data(), static_cast<unsigned int>(bytes.size()));
    exif_data_log(data_.get(), nullptr);
    return !damaged;
  }

  [[nodiscard]] bool empty() const {
    return std::ranges::all_of(data_->ifd,
                               [](const ExifContent* part) { return part->count == 0; });
  }

  [[nodiscard]] Bytes block() const {
    if (empty()) return {};
    unsigned char* bytes = nullptr;
    unsigned int size = 0;
    exif_data_save_data(data_.get(), &bytes, &size);
    const std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
    if (bytes == nullptr || size <= jpeg_header.size()) throw std::bad_alloc();
    return {bytes + jpeg_header.size(), bytes + size};
  }

  /// The bytes of a tag; empty when it is not there.
  [[nodiscard]] std::string_view bytes(ExifIfd ifd, ExifTag tag) const {
    const ExifEntry* entry = exif_content_get_entry(data_->ifd[ifd], tag);
    if (entry == nullptr || entry->data == nullptr) return {};
    return {reinterpret_cast<const char*>(entry->data), entry->size};
  }

  /// A tag that is one SHORT; 0 when it is not there, or something else.
  [[nodiscard]] int short_number(ExifIfd ifd, ExifTag tag) const {
    const ExifEntry* entry = exif_content_get_entry(data_->ifd[ifd], tag);
    const bool is_short = entry != nullptr && entry->data != nullptr &&
                          entry->format == EXIF_FORMAT_SHORT && entry->components == 1 &&
                          entry->size >= 2;
    return is_short ? exif_get_short(entry->data, order()) : 0;
  }

  /// A tag that is one RATIONAL; 0 when it is not there, or something else.
  [[nodiscard]] double rational(ExifIfd ifd, ExifTag tag) const {
    const ExifEntry* entry = exif_content_get_entry(data_->ifd[ifd], tag);
    const bool is_rational = entry != nullptr && entry->data != nullptr &&
                             entry->format == EXIF_FORMAT_RATIONAL && entry->components == 1 &&
                             entry->size >= 8;
    if (!is_rational) return 0;
    const ExifRational value = exif_get_rational(entry->data, order());
    return value.denominator == 0 ? 0 : static_cast<double>(value.numerator) / value.denominator;
  }

  [[nodiscard]] bool has(ExifIfd ifd, ExifTag tag) const {
    return exif_content_get_entry(data_->ifd[ifd], tag) != nullptr;
  }

  void remove(ExifIfd ifd, ExifTag tag) {
    // A damaged block may have a tag twice.
    while (ExifEntry* entry = exif_content_get_entry(data_->ifd[ifd], tag))
      exif_content_remove_entry(data_->ifd[ifd], entry);
  }

  void remove_all(ExifIfd ifd) {
    ExifContent* part = data_->ifd[ifd];
    while (part->count > 0) exif_content_remove_entry(part, part->entries[0]);
  }

  void remove_thumbnail() {
    remove_all(EXIF_IFD_1);
    exif_mem_free(memory_.get(), data_->data);
    data_->data = nullptr;
    data_->size = 0;
  }

  void set(ExifIfd ifd, ExifTag tag, ExifFormat format, std::string_view value) {
    remove(ifd, tag);
    const Handle<ExifEntry> entry = owned(exif_entry_new_mem(memory_.get()));
    exif_content_add_entry(data_->ifd[ifd], entry.get());
    const auto size = static_cast<ExifLong>(value.size());
    entry->tag = tag;
    entry->format = format;
    entry->size = size;
    entry->components = size / exif_format_get_size(format);
    entry->data = static_cast<unsigned char*>(exif_mem_alloc(memory_.get(), size));
    if (entry->data == nullptr) throw std::bad_alloc();
    std::ranges::copy(value, entry->data);
  }

  void set_text(ExifIfd ifd, ExifTag tag, std::string value) {
    value += '\0';
    set(ifd, tag, EXIF_FORMAT_ASCII, value);
  }

  void set_short(ExifIfd ifd, ExifTag tag, int value) {
    std::array<unsigned char, 2> encoded{};
    exif_set_short(encoded.data(), order(), static_cast<ExifShort>(value));
    set(ifd, tag, EXIF_FORMAT_SHORT, {reinterpret_cast<const char*>(encoded.data()), 2});
  }

  void set_rational(ExifIfd ifd, ExifTag tag, double value) {
    constexpr ExifLong parts = 10000;
    std::array<unsigned char, 8> encoded{};
    exif_set_rational(encoded.data(), order(),
                      {static_cast<ExifLong>(std::lround(value * parts)), parts});
    set(ifd, tag, EXIF_FORMAT_RATIONAL, {reinterpret_cast<const char*>(encoded.data()), 8});
  }

  void set_long(ExifIfd ifd, ExifTag tag, int value) {
    std::array<unsigned char, 4> encoded{};
    exif_set_long(encoded.data(), order(), static_cast<ExifLong>(value));
    set(ifd, tag, EXIF_FORMAT_LONG, {reinterpret_cast<const char*>(encoded.data()), 4});
  }

 private:
  static constexpr std::string_view jpeg_header{"Exif\0\0", 6};  // libexif wants and writes it

  [[nodiscard]] ExifByteOrder order() const { return exif_data_get_byte_order(data_.get()); }

  Handle<ExifMem> memory_;
  Handle<ExifData> data_;
};

}  // namespace ip2p
