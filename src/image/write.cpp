// write.cpp - the way of a picture out: what each format can hold, and where its record goes.
#include "ip2p/image/write.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/image/exif.h"
#include "ip2p/image/formats/write_jpeg.h"
#include "ip2p/image/formats/write_png.h"
#include "ip2p/image/formats/write_tiff.h"
#include "ip2p/image/formats/write_webp.h"

namespace ip2p {
namespace {

/// What there is to know of an output format.
struct FormatTraits {
  OutputFormat format;
  std::string_view name;
  int max_side_px;
  RecordPlace record;
  bool has_density;  ///< says pixels an inch outside EXIF
};

constexpr std::array all_formats{
    FormatTraits{OutputFormat::png, "PNG", 1'000'000, RecordPlace::elsewhere, true},
    FormatTraits{OutputFormat::jpeg, "JPEG", 65500, RecordPlace::user_comment, true},
    FormatTraits{OutputFormat::webp, "WebP", 16383, RecordPlace::user_comment, false},
    FormatTraits{OutputFormat::tiff, "TIFF", 1'000'000, RecordPlace::image_description, false},
};

struct FormatName {
  std::string_view name;
  OutputFormat format;
};

constexpr std::array all_names{
    FormatName{"png", OutputFormat::png},   FormatName{"jpeg", OutputFormat::jpeg},
    FormatName{"jpg", OutputFormat::jpeg},  FormatName{"webp", OutputFormat::webp},
    FormatName{"tiff", OutputFormat::tiff}, FormatName{"tif", OutputFormat::tiff},
};

const FormatTraits& traits_of(OutputFormat format) {
  const auto found = std::ranges::find(all_formats, format, &FormatTraits::format);
  if (found == all_formats.end()) throw Error(Exit::bug, "an output format without traits");
  return *found;
}

const FormatName* find_name(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = std::ranges::find(all_names, lower, &FormatName::name);
  return found == all_names.end() ? nullptr : &*found;
}

const FormatName* find_extension(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension.size() > 1 ? find_name(std::string_view(extension).substr(1)) : nullptr;
}

/// All names in a row, each with `prefix` in front.
std::string joined(const char* prefix) {
  std::string all;
  for (const FormatName& each : all_names) all += text(all.empty() ? "" : ", ", prefix, each.name);
  return all;
}

void check_image(const Image& image, const EncodeOptions& options) {
  check_storable(options.format, image.width, image.height);
  const auto pixels =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  const bool has_alpha = !image.alpha.empty();
  if (image.rgb.size() != pixels * 3 || (has_alpha && image.alpha.size() != pixels))
    throw Error(Exit::bug,
                text("an image of ", image.width, " x ", image.height, " pixels with ",
                     image.rgb.size(), " colour and ", image.alpha.size(), " alpha samples"));
  if (!EncodeOptions::quality_range.allows(options.quality))
    throw Error(Exit::usage,
                text("--quality: expected a whole number from ",
                     EncodeOptions::quality_range.expected(), ", got ", options.quality));
}

/// The block for a JPEG file, which has room for 64 KiB: the record goes first.
Bytes jpeg_exif(const Image& image, const EncodeOptions& options, Bytes block) {
  if (block.size() <= max_jpeg_exif_bytes) return block;
  log::warn(text("the EXIF data of the input (", image.exif.size(),
                 " bytes) does not fit into a JPEG file and is left out"));
  block = output_exif(
      {.width = image.width, .height = image.height, .rgb = {}, .alpha = {}, .exif = {}},
      options.record, RecordPlace::user_comment);
  if (block.size() > max_jpeg_exif_bytes)
    throw Error(Exit::file,
                text("the record of ", options.record.size(),
                     " bytes does not fit into a JPEG file; write PNG or give --strip"));
  return block;
}

Bytes encoded(const Image& image, const EncodeOptions& options) {
  const FormatTraits& traits = traits_of(options.format);
  Bytes exif = traits.has_density ? output_exif(image, options.record, traits.record)
                                  : output_exif_with_density(image, options.record, traits.record);
  switch (options.format) {
    case OutputFormat::png:
      return write_png(image, exif, options.record);
    case OutputFormat::jpeg:
      if (!image.alpha.empty())
        log::warn("JPEG has no alpha; the picture is written without it (PNG, WebP and TIFF have)");
      return write_jpeg(image, jpeg_exif(image, options, std::move(exif)), options.quality);
    case OutputFormat::webp:
      return write_webp(image, exif, options.quality);
    case OutputFormat::tiff:
      return write_tiff(image, exif);
  }
  throw Error(Exit::bug, "an output format without a writer");
}

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const FormatName& each : all_names) names.emplace_back(each.name);
  return names;
}

std::string_view name_of(OutputFormat format) {
  return traits_of(format).name;
}

bool has_format(const fs::path& path) {
  return find_extension(path) != nullptr;
}

OutputFormat format_of(const fs::path& path) {
  if (const FormatName* found = find_extension(path)) return found->format;
  const std::string extension = path.extension().string();
  throw Error(Exit::usage,
              text("cannot tell the format of ", path, " from its extension ",
                   extension.empty() ? "(it has none)" : extension, "; ip2p writes ", joined(".")));
}

OutputFormat format_named(std::string_view name) {
  if (const FormatName* found = find_name(name)) return found->format;
  throw Error(Exit::usage, text("unknown picture format \"", name, "\"; known: ", joined("")));
}

void check_storable(OutputFormat format, int width, int height) {
  const FormatTraits& traits = traits_of(format);
  if (width < 1 || height < 1)
    throw Error(Exit::bug, text("cannot write a picture of ", width, " x ", height, " pixels"));
  if (std::max(width, height) > traits.max_side_px)
    throw Error(Exit::file, text("a ", traits.name, " file holds at most ", traits.max_side_px,
                                 " pixels a side, and the picture has ", width, " x ", height,
                                 "; write another format"));
}

Bytes encode_image(Image image, const EncodeOptions& options) {
  check_image(image, options);
  if (!options.keep_metadata) {
    image.exif.clear();
    image.density = {};
  }
  return encoded(image, options);
}

}  // namespace ip2p
