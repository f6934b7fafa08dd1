// text_source.cpp - the C library's buffered reading, with its errors as sentences.
#include "text_source.h"

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw Error(Exit::file, text("cannot read ", path, ": ", std::generic_category().message(errno)));
}

}  // namespace

TextSource::TextSource(fs::path path)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "re")) {
  if (!file_) fail(path_);
  constexpr std::string_view mark = "\xef\xbb\xbf";
  std::size_t found = 0;
  while (found < mark.size() && peek() == static_cast<unsigned char>(mark[found])) {
    get();
    ++found;
  }
  if (found != 0 && found != mark.size())
    throw Error(Exit::file,
                text(path_, " begins with half a UTF-8 byte order mark; save it as UTF-8"));
}

int TextSource::get() {
  const int byte = ::getc_unlocked(file_.get());
  if (byte == EOF && std::ferror(file_.get()) != 0) fail(path_);
  return byte == EOF ? end : byte;
}

int TextSource::peek() {
  const int byte = get();
  if (byte != end) (void)std::ungetc(byte, file_.get());
  return byte;
}

}  // namespace ip2p
