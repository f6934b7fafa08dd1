// write_tiff.cpp - pixels through libtiff; then the tags of an EXIF block join the file's own.
#include "ip2p/image/formats/write_tiff.h"

#include <algorithm>

#include "ip2p/base/error.h"
#include "ip2p/image/ifd.h"

#include "tiff_memory.h"

namespace ip2p {
namespace {

void set_fields(TIFF* tiff, const Image& image) {
  const bool has_alpha = !image.alpha.empty();
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, has_alpha ? 4 : 3);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
  if (has_alpha) {
    const std::uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
}

void write_rows(TIFF* tiff, const Image& image) {
  const auto width = static_cast<std::size_t>(image.width);
  const std::size_t channels = image.alpha.empty() ? 3 : 4;
  Bytes row(width * channels);
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      std::copy_n(image.rgb.data() + (y * width + x) * 3, 3, row.data() + x * channels);
      if (channels == 4) row[x * 4 + 3] = image.alpha[y * width + x];
    }
    TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y));
  }
}

/// The file with the block's tags added; both are of the same byte order.
void add_tags(Bytes& file, const IfdTree& exif) {
  IfdTree tree = ifds_of(file);
  std::ranges::copy(descriptive(exif.main), std::back_inserter(tree.main));
  tree.exif = exif.exif;
  tree.gps = exif.gps;
  tree.interop = exif.interop;
  replace_last_ifd(file, tree);
}

}  // namespace

Bytes write_tiff(const Image& image, ByteSpan exif) {
  const IfdTree tags = ifds_of(exif);
  TiffMemory memory(tags.big_endian);
  bool whole = memory.get() != nullptr;
  if (whole) {
    set_fields(memory.get(), image);
    write_rows(memory.get(), image);
  }
  Bytes file = memory.finish(whole);
  if (!whole) throw Error(Exit::file, text("cannot write a TIFF picture: ", memory.message()));
  if (!exif.empty()) add_tags(file, tags);
  return file;
}

}  // namespace ip2p
