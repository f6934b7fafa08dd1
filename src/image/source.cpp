// source.cpp - the sentences that every unreadable picture ends in.
#include "ip2p/image/source.h"

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

/// `sentence` without line breaks and other control characters, and without a full stop at the end.
std::string one_line(std::string sentence) {
  for (char& c : sentence)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  while (!sentence.empty() && (sentence.back() == '.' || sentence.back() == ' '))
    sentence.pop_back();
  return sentence;
}

}  // namespace

void throw_unreadable(const std::string& name, const std::string& why) {
  throw Error(Exit::file, one_line(text("cannot read ", name, ": ", why)));
}

void check_size(const PictureSource& source, std::int64_t width, std::int64_t height) {
  if (width <= 0 || height <= 0)
    throw_unreadable(source.name,
                     text("it has no pixels (its header says ", width, " x ", height, ")"));
  const double megapixels = static_cast<double>(width) * static_cast<double>(height) / 1e6;
  constexpr double most_megapixels = ReadLimits::megapixels_range.hi;
  if (megapixels > most_megapixels)
    throw_unreadable(source.name,
                     text(width, " x ", height, " pixels are more than ip2p can hold (",
                          most_megapixels, " megapixels)"));
  if (megapixels > source.limits.max_megapixels)
    throw_unreadable(
        source.name,
        text(width, " x ", height, " pixels are ", megapixels, " megapixels, over the limit of ",
             source.limits.max_megapixels, "; raise it with --max-megapixels"));
}

}  // namespace ip2p
