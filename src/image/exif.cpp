// exif.cpp - which tags of a block stay, change or go.
#include "ip2p/image/exif.h"

#include <algorithm>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/version.h"

#include "exif_block.h"

namespace ip2p {
namespace {

using namespace std::string_view_literals;

// In front of the record, so that nobody's own comment is taken for one.
constexpr std::string_view record_mark = "ip2p {";
constexpr std::string_view program_mark = "ip2p ";
constexpr std::string_view ascii_code = "ASCII\0\0\0"sv;  // of EXIF's user comment

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

constexpr int unit_inch = 2;
constexpr int unit_centimetre = 3;

Density density_of(const Exif& exif) {
  const int unit = exif.short_number(EXIF_IFD_0, EXIF_TAG_RESOLUTION_UNIT);
  const double per_inch =
      unit == unit_centimetre ? Density::inch_m * 100 : (unit == unit_inch ? 1 : 0);
  return {exif.rational(EXIF_IFD_0, EXIF_TAG_X_RESOLUTION) * per_inch,
          exif.rational(EXIF_IFD_0, EXIF_TAG_Y_RESOLUTION) * per_inch};
}

/// Where a place keeps the record.
struct WordsTag {
  ExifIfd ifd;
  ExifTag tag;
};
WordsTag tag_of(RecordPlace place) {
  return place == RecordPlace::user_comment ? WordsTag{EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT}
                                            : WordsTag{EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION};
}

/// Whether somebody wrote words there: cameras put blanks or zeros behind the code of eight bytes.
bool has_words(const Exif& exif, RecordPlace place) {
  const WordsTag at = tag_of(place);
  std::string_view words = exif.bytes(at.ifd, at.tag);
  if (place == RecordPlace::user_comment)
    words.remove_prefix(std::min(words.size(), ascii_code.size()));
  return words.find_first_not_of("\0 \t\r\n"sv) != std::string_view::npos;
}

RecordPlace free_place(const Exif& exif, RecordPlace place) {
  const RecordPlace other = place == RecordPlace::user_comment ? RecordPlace::image_description
                                                               : RecordPlace::user_comment;
  if (!has_words(exif, place)) return place;
  if (!has_words(exif, other)) return other;
  log::warn(
      "the comment in the input's EXIF data gives way to the record; a PNG file has room for both");
  return place;
}

void put_record(Exif& exif, const std::string& words, RecordPlace place) {
  exif.set_text(EXIF_IFD_0, EXIF_TAG_SOFTWARE, "ip2p " IP2P_VERSION);
  if (place == RecordPlace::user_comment)
    exif.set(EXIF_IFD_EXIF, EXIF_TAG_USER_COMMENT, EXIF_FORMAT_UNDEFINED, text(ascii_code, words));
  else
    exif.set_text(EXIF_IFD_0, EXIF_TAG_IMAGE_DESCRIPTION, words);
}

void put_density(Exif& exif, const Density& density) {
  constexpr double most = 1e5;  // a larger number of 10000ths does not fit into the tag
  if (!density.is_known() || density.x_dpi > most || density.y_dpi > most ||
      density_of(exif).is_known())
    return;
  exif.set_rational(EXIF_IFD_0, EXIF_TAG_X_RESOLUTION, density.x_dpi);
  exif.set_rational(EXIF_IFD_0, EXIF_TAG_Y_RESOLUTION, density.y_dpi);
  exif.set_short(EXIF_IFD_0, EXIF_TAG_RESOLUTION_UNIT, unit_inch);
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
  clean.density = density_of(exif);
  exif.remove_thumbnail();
  remove_earlier_record(exif);
  mark_as_srgb(exif);
  clean.block = exif.block();
  return clean;
}

namespace {

Bytes output_block(const Image& image, const Density& density, const std::string& record,
                   RecordPlace place) {
  Exif exif;
  if (!image.exif.empty()) exif.load(image.exif);
  set_size(exif, image.width, image.height);
  put_density(exif, density);
  if (!record.empty() && place != RecordPlace::elsewhere)
    put_record(exif, text(program_mark, in_ascii(record)), free_place(exif, place));
  return exif.block();
}

}  // namespace

Bytes output_exif(const Image& image, const std::string& record, RecordPlace place) {
  return output_block(image, {}, record, place);
}

Bytes output_exif_with_density(const Image& image, const std::string& record, RecordPlace place) {
  return output_block(image, image.density, record, place);
}

std::string exif_record(ByteSpan block) {
  if (block.empty()) return {};
  Exif exif;
  exif.load(block);
  return record_of(exif);
}

}  // namespace ip2p
