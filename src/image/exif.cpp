// exif.cpp - EXIF blocks through libexif, which reads damaged ones without harm.
#include "ip2p/image/exif.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdarg>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>

#include <libexif/exif-data.h>
#include <libexif/exif-log.h>
#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/version.h"

namespace ip2p {
namespace {

using namespace std::string_view_literals;

// In front of the record, so that nobody's own comment is taken for one.
constexpr std::string_view record_mark = "ip2p {";
constexpr std::string_view program_mark = "ip2p ";
constexpr std::string_view ascii_code = "ASCII\0\0\0"sv;  // of EXIF's user comment
constexpr std::string_view jpeg_header = "Exif\0\0"sv;    // libexif wants and writes it

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

void note_damage(ExifLog*, ExifLogCode code, const char*, const char*, std::va_list,
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

  void set_long(ExifIfd ifd, ExifTag tag, int value) {
    std::array<unsigned char, 4> encoded{};
    exif_set_long(encoded.data(), order(), static_cast<ExifLong>(value));
    set(ifd, tag, EXIF_FORMAT_LONG, {reinterpret_cast<const char*>(encoded.data()), 4});
  }

 private:
  [[nodiscard]] ExifByteOrder order() const { return exif_data_get_byte_order(data_.get()); }

  Handle<ExifMem> memory_;
  Handle<ExifData> data_;
};

/// The record in a text of a block: what follows the mark, up to the end or a zero.
std::string record_in(std::string_view words) {
  if (words.starts_with(ascii_code)) words.remove_prefix(ascii_code.size());
  if (!words.starts_with(record_mark)) return {};
  words.remove_prefix(program_mark.size());
  return std::string(words.substr(0, words.find('\0')));
}

std::string record_of(const Exif& exif) {
  const std::string comment = record_in(exif.bytes(EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT));
  return comment.empty() ? record_in(exif.bytes(EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION)) : comment;
}

void remove_earlier_record(Exif& exif) {
  if (!record_in(exif.bytes(EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT)).empty())
    exif.remove(EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT);
  if (!record_in(exif.bytes(EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION)).empty())
    exif.remove(EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION);
  if (exif.bytes(EXIF_IFD_0, EXIF_TAG_SOFTWARE).starts_with(program_mark))
    exif.remove(EXIF_IFD_0, EXIF_TAG_SOFTWARE);
}

/// Says sRGB where the block says something about colours.
void mark_as_srgb(Exif& exif) {
  constexpr int srgb = 1;
  if (exif.has(EXIF_IFD_EXIF, EXIF_TAG_COLOR_SPACE))
    exif.set_short(EXIF_IFD_EXIF, EXIF_TAG_COLOR_SPACE, srgb);
  if (exif.bytes(EXIF_IFD_INTEROPERABILITY, EXIF_TAG_INTEROPERABILITY_INDEX).starts_with("R03"))
    exif.remove_all(EXIF_IFD_INTEROPERABILITY);  // R03 is Adobe RGB
}

/// Updates the sizes that are in the block.
void set_size(Exif& exif, int width, int height) {
  struct SizeTag {
    ExifIfd ifd;
    ExifTag tag;
    int value;
  };
  for (const SizeTag& size : {SizeTag{EXIF_IFD_EXIF, EXIF_TAG_PIXEL_X_DIMENSION, width},
                              SizeTag{EXIF_IFD_EXIF, EXIF_TAG_PIXEL_Y_DIMENSION, height},
                              SizeTag{EXIF_IFD_0, EXIF_TAG_IMAGE_WIDTH, width},
                              SizeTag{EXIF_IFD_0, EXIF_TAG_IMAGE_LENGTH, height}})
    if (exif.has(size.ifd, size.tag)) exif.set_long(size.ifd, size.tag, size.value);
}

/// JSON text in ASCII: EXIF's text tags have no other letters that every program reads.
std::string in_ascii(const std::string& json) {
  if (std::ranges::all_of(json, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return json;
  return nlohmann::ordered_json::parse(json).dump(-1, ' ', true);
}

}  // namespace

CleanExif clean_exif(ByteSpan block, const std::string& name) {
  if (block.empty()) return {};
  Exif exif;
  if (!exif.load(block) || exif.empty())
    log::warn(text("the EXIF data of ", name,
                   " is damaged; what can be read of it is kept, also its orientation"));

  CleanExif clean;
  const int orientation = exif.short_number(EXIF_IFD_0, EXIF_TAG_ORIENTATION);
  if (orientation >= 1 && orientation <= 8) clean.orientation = orientation;
  if (exif.has(EXIF_IFD_0, EXIF_TAG_ORIENTATION))
    exif.set_short(EXIF_IFD_0, EXIF_TAG_ORIENTATION, 1);
  exif.remove_thumbnail();
  remove_earlier_record(exif);
  mark_as_srgb(exif);
  clean.block = exif.block();
  return clean;
}

Bytes output_exif(ByteSpan block, int width, int height, const std::string& record,
                  RecordPlace place) {
  Exif exif;
  if (!block.empty()) exif.load(block);
  set_size(exif, width, height);
  if (!record.empty() && place != RecordPlace::elsewhere) {
    const std::string words = text(program_mark, in_ascii(record));
    exif.set_text(EXIF_IFD_0, EXIF_TAG_SOFTWARE, "ip2p " IP2P_VERSION);
    if (place == RecordPlace::user_comment)
      exif.set(EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT, EXIF_FORMAT_UNDEFINED,
               text(ascii_code, words));
    else
      exif.set_text(EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION, words);
  }
  return exif.block();
}

std::string exif_record(ByteSpan block) {
  if (block.empty()) return {};
  Exif exif;
  exif.load(block);
  return record_of(exif);
}

}  // namespace ip2p
