// tiff_memory.cpp - libtiff's callbacks over a span of bytes (reading) or a vector (writing).
#include "tiff_memory.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <new>
#include <string_view>

namespace ip2p {

struct TiffMemory::Stream {
  ByteSpan input;
  Bytes output;
  bool writing = false;
  std::uint64_t position = 0;
  std::string message;

  [[nodiscard]] std::uint64_t size() const { return writing ? output.size() : input.size(); }
};

namespace {

TiffMemory::Stream& stream_of(thandle_t handle) {
  return *static_cast<TiffMemory::Stream*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t count) {
  TiffMemory::Stream& stream = stream_of(handle);
  const ByteSpan all = stream.writing ? ByteSpan(stream.output) : stream.input;
  if (count <= 0 || stream.position >= all.size()) return 0;
  const ByteSpan rest = all.subspan(stream.position);
  const ByteSpan part = rest.first(std::min(rest.size(), static_cast<std::size_t>(count)));
  std::ranges::copy(part, static_cast<std::uint8_t*>(out));
  stream.position += part.size();
  return static_cast<tmsize_t>(part.size());
}

tmsize_t write_bytes(thandle_t handle, void* data, tmsize_t count) {
  TiffMemory::Stream& stream = stream_of(handle);
  if (!stream.writing || count < 0) return -1;
  const auto size = static_cast<std::size_t>(count);
  try {
    if (stream.position + size > stream.output.size()) stream.output.resize(stream.position + size);
  } catch (const std::bad_alloc&) {
    return -1;
  }
  std::copy_n(static_cast<const std::uint8_t*>(data), size,
              stream.output.begin() + static_cast<std::ptrdiff_t>(stream.position));
  stream.position += size;
  return count;
}

toff_t seek(thandle_t handle, toff_t offset, int from) {
  TiffMemory::Stream& stream = stream_of(handle);
  if (from == SEEK_CUR) offset += stream.position;
  if (from == SEEK_END) offset += stream.size();
  stream.position = offset;
  return offset;
}

int close_nothing(thandle_t) {
  return 0;
}

toff_t size_of(thandle_t handle) {
  return stream_of(handle).size();
}

int map_input(thandle_t handle, void** base, toff_t* size) {
  const TiffMemory::Stream& stream = stream_of(handle);
  if (stream.writing) return 0;
  // libtiff takes a pointer to changeable bytes, and does not change what it maps for reading.
  *base = const_cast<std::uint8_t*>(stream.input.data());
  *size = stream.input.size();
  return 1;
}

void unmap_nothing(thandle_t, void*, toff_t) {}

void keep(TiffMemory::Stream& stream, const char* format, std::va_list arguments) {
  std::array<char, 256> buffer{};
  std::vsnprintf(buffer.data(), buffer.size(), format, arguments);
  if (stream.message.empty()) stream.message = buffer.data();
}

int on_error(TIFF*, void* stream, const char*, const char* format, std::va_list arguments) {
  keep(*static_cast<TiffMemory::Stream*>(stream), format, arguments);
  return 1;  // and nothing else: no global handler
}

/// The fax and JPEG decoders go on after damage with invented pixels, and call that a warning.
int on_warning(TIFF*, void* stream, const char* module, const char* format,
               std::va_list arguments) {
  const std::string_view from = module == nullptr ? "" : module;
  if (from.starts_with("Fax") || from.starts_with("JPEGLib"))
    keep(*static_cast<TiffMemory::Stream*>(stream), format, arguments);
  return 1;
}

}  // namespace

TiffMemory::TiffMemory(ByteSpan file, std::uint64_t max_allocation)
    : stream_(std::make_unique<Stream>()) {
  stream_->input = file;
  open("r", max_allocation);
}

TiffMemory::TiffMemory(bool big_endian) : stream_(std::make_unique<Stream>()) {
  stream_->writing = true;
  open(big_endian ? "wb" : "wl", std::numeric_limits<tmsize_t>::max());
}

void TiffMemory::open(const char* mode, std::uint64_t max_allocation) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
      TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(max_allocation));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, stream_.get());
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, stream_.get());
  tiff_ = TIFFClientOpenExt("memory", mode, stream_.get(), read_bytes, write_bytes, seek,
                            close_nothing, size_of, map_input, unmap_nothing, options.get());
}

TiffMemory::~TiffMemory() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

const std::string& TiffMemory::message() const {
  return stream_->message;
}

Bytes TiffMemory::finish(bool& whole) {
  whole = tiff_ != nullptr;
  if (tiff_ != nullptr) TIFFClose(tiff_);
  tiff_ = nullptr;
  whole = whole && stream_->message.empty();
  return std::move(stream_->output);
}

}  // namespace ip2p
