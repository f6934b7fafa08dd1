// content.cpp - the signatures of what is readable, and of what people mistake for it.
#include "ip2p/image/content.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view readable = "JPEG, PNG, WebP, TIFF and BMP";

/// `bytes` at `offset` in a file mean that it is a `Kind`.
template <class Kind>
struct Signature {
  std::size_t offset;
  std::string_view bytes;
  Kind kind;
};

constexpr std::array picture_signatures{
    Signature<PictureFormat>{0, "\xFF\xD8\xFF"sv, PictureFormat::jpeg},
    Signature<PictureFormat>{0, "\x89PNG\r\n\x1A\n"sv, PictureFormat::png},
    Signature<PictureFormat>{8, "WEBP"sv, PictureFormat::webp},
    Signature<PictureFormat>{0, "II*\0"sv, PictureFormat::tiff},
    Signature<PictureFormat>{0, "MM\0*"sv, PictureFormat::tiff},
    Signature<PictureFormat>{0, "II+\0"sv, PictureFormat::tiff},
    Signature<PictureFormat>{0, "MM\0+"sv, PictureFormat::tiff},
    Signature<PictureFormat>{0, "BM"sv, PictureFormat::bmp},
};

/// Looked at before the pictures: a camera raw file is a TIFF file with more in it.
constexpr std::array raw_signatures{
    Signature<std::string_view>{8, "CR\2\0"sv, "a Canon camera raw file"},
};

constexpr std::array other_signatures{
    Signature<std::string_view>{0, "GIF8"sv, "a GIF picture"},
    Signature<std::string_view>{4, "ftypheic"sv, "a HEIC picture"},
    Signature<std::string_view>{4, "ftypheix"sv, "a HEIC picture"},
    Signature<std::string_view>{4, "ftypmif1"sv, "a HEIF picture"},
    Signature<std::string_view>{4, "ftypmsf1"sv, "a HEIF picture"},
    Signature<std::string_view>{4, "ftypavif"sv, "an AVIF picture"},
    Signature<std::string_view>{4, "ftypavis"sv, "an AVIF picture"},
    Signature<std::string_view>{4, "ftypcrx "sv, "a Canon camera raw file"},
    Signature<std::string_view>{4, "ftyp"sv, "a video"},
    Signature<std::string_view>{0, "\0\0\0\x0CJXL \r\n"sv, "a JPEG XL picture"},
    Signature<std::string_view>{0, "\xFF\x0A"sv, "a JPEG XL picture"},
    Signature<std::string_view>{0, "\0\0\0\x0CjP  \r\n"sv, "a JPEG 2000 picture"},
    Signature<std::string_view>{0, "\xFF\x4F\xFF\x51"sv, "a JPEG 2000 picture"},
    Signature<std::string_view>{0, "8BPS"sv, "a Photoshop document"},
    Signature<std::string_view>{0, "gimp xcf"sv, "a GIMP document"},
    Signature<std::string_view>{0, "v/1\x01"sv, "an OpenEXR picture"},
    Signature<std::string_view>{0, "#?RADIANCE"sv, "a Radiance HDR picture"},
    Signature<std::string_view>{0, "FUJIFILMCCD-RAW"sv, "a Fujifilm camera raw file"},
    Signature<std::string_view>{0, "IIRO"sv, "an Olympus camera raw file"},
    Signature<std::string_view>{0, "IIU\0"sv, "a Panasonic camera raw file"},
    Signature<std::string_view>{0, "\0\0\1\0"sv, "an icon file"},
    Signature<std::string_view>{0, "%PDF"sv, "a PDF document"},
    Signature<std::string_view>{0, "%!PS"sv, "a PostScript document"},
    Signature<std::string_view>{0, "PK\3\4"sv, "a ZIP archive or an office document"},
    Signature<std::string_view>{0, "\x1F\x8B"sv, "a gzip archive"},
    Signature<std::string_view>{0, "7z\xBC\xAF"sv, "a 7-Zip archive"},
    Signature<std::string_view>{0, "\x1A\x45\xDF\xA3"sv, "a video"},
    Signature<std::string_view>{8, "AVI "sv, "a video"},
    Signature<std::string_view>{8, "WAVE"sv, "a sound file"},
    Signature<std::string_view>{0,
                                "\x7F"sv
                                "ELF"sv,
                                "a program"},
    Signature<std::string_view>{0, "version https://git-lfs"sv,
                                "a Git LFS pointer and not the picture (run git lfs pull)"},
    Signature<std::string_view>{0, "<svg"sv, "an SVG drawing"},
    Signature<std::string_view>{0, "<?xml"sv, "an XML document"},
    Signature<std::string_view>{0, "<!doctype html"sv, "an HTML page"},
    Signature<std::string_view>{0, "<html"sv, "an HTML page"},
};

struct Extension {
  std::string_view text;
  PictureFormat format;
};

constexpr std::array extensions{
    Extension{".jpg", PictureFormat::jpeg},  Extension{".jpeg", PictureFormat::jpeg},
    Extension{".jpe", PictureFormat::jpeg},  Extension{".jfif", PictureFormat::jpeg},
    Extension{".png", PictureFormat::png},   Extension{".apng", PictureFormat::png},
    Extension{".webp", PictureFormat::webp}, Extension{".tif", PictureFormat::tiff},
    Extension{".tiff", PictureFormat::tiff}, Extension{".bmp", PictureFormat::bmp},
    Extension{".dib", PictureFormat::bmp},
};

std::string lower_case(std::string_view word) {
  std::string out(word);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return out;
}

/// The first bytes of a file, enough for every signature and for telling text from data.
std::string head_of(ByteSpan bytes) {
  const ByteSpan head = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  return {head.begin(), head.end()};
}

template <class Kind, std::size_t N>
std::optional<Kind> matching(const std::array<Signature<Kind>, N>& table, std::string_view head) {
  for (const Signature<Kind>& entry : table)
    if (head.size() >= entry.offset && head.substr(entry.offset).starts_with(entry.bytes))
      return entry.kind;
  return std::nullopt;
}

bool is_text(std::string_view head) {
  return std::ranges::all_of(head, [](unsigned char c) {
    return c >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f';
  });
}

/// What an unreadable file seems to be.
std::string_view look_of(const std::string& head) {
  const std::string lower =
      lower_case(head.substr(std::min(head.size(), head.find_first_not_of(" \t\r\n"))));
  if (const auto other = matching(other_signatures, head)) return *other;
  if (const auto other = matching(other_signatures, lower)) return *other;
  return is_text(head) ? "text" : "";
}

}  // namespace

std::string_view name_of(PictureFormat format) {
  switch (format) {
    case PictureFormat::jpeg:
      return "JPEG";
    case PictureFormat::png:
      return "PNG";
    case PictureFormat::webp:
      return "WebP";
    case PictureFormat::tiff:
      return "TIFF";
    case PictureFormat::bmp:
      return "BMP";
  }
  throw Error(Exit::bug, "a picture format without a name");
}

PictureFormat picture_format(const PictureSource& source) {
  if (source.bytes.empty()) throw_unreadable(source.name, "it is empty (0 bytes)");
  const std::string head = head_of(source.bytes);
  const auto raw = matching(raw_signatures, head);
  if (!raw)
    if (const auto format = matching(picture_signatures, head)) return *format;

  const std::string_view look = raw ? *raw : look_of(head);
  if (look.empty())
    throw_unreadable(source.name,
                     text("it is not a picture of a known format; ip2p reads ", readable));
  throw_unreadable(source.name, text("it is ", look, "; ip2p reads ", readable));
}

void warn_if_mislabelled(const fs::path& path, PictureFormat format) {
  const std::string extension = lower_case(path.extension().string());
  for (const Extension& known : extensions)
    if (known.text == extension && known.format != format)
      log::warn(text(path, " is a ", name_of(format),
                     " picture in spite of its name; it is read as ", name_of(format)));
}

}  // namespace ip2p
