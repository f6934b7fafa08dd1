// validation.cpp - pictures side by side: what a loss does not show.
#include "validation.h"

#include <algorithm>
#include <array>

#include "ip2p/image/read.h"
#include "ip2p/image/resample.h"

namespace ip2p {
namespace {

Image square(const fs::path& path, int side) {
  Image image = fit_crop(read_image(path), side, side);
  image.alpha.clear();
  image.exif.clear();
  return image;
}

/// Copies `picture` onto `sheet` with its upper left corner at (left, top).
void place(const Image& picture, int left, int top, Image& sheet) {
  const auto row_bytes = static_cast<std::ptrdiff_t>(picture.width) * 3;
  for (int y = 0; y < picture.height; ++y) {
    const auto from = picture.rgb.begin() + y * row_bytes;
    const auto to = (static_cast<std::ptrdiff_t>(top + y) * sheet.width + left) * 3;
    std::copy(from, from + row_bytes, sheet.rgb.begin() + to);
  }
}

}  // namespace

std::vector<Example> spread(const std::vector<Example>& all, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(all.size());
  count = std::min(count, size);
  std::vector<Example> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    chosen.push_back(all[static_cast<std::size_t>(i * size / count)]);
  return chosen;
}

Image contact_sheet(const Editor& editor, const std::vector<Example>& examples,
                    std::int64_t resolution) {
  const int side = static_cast<int>(resolution);
  Image sheet;
  sheet.width = 3 * side;
  sheet.height = side * static_cast<int>(examples.size());
  sheet.rgb.resize(static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) *
                   3);
  EditOptions wanted;
  wanted.resolution = resolution;
  const EditOptions options = resolve(wanted, editor.manifest().defaults);
  int top = 0;
  for (const Example& example : examples) {
    const Image input = square(example.input, side);
    const Image edited =
        editor.edit(input, {.instruction = example.instructions.front(), .options = options});
    const Image expected = square(example.edited, side);
    int left = 0;
    for (const Image* picture : std::array{&input, &edited, &expected}) {
      place(*picture, left, top, sheet);
      left += side;
    }
    top += side;
  }
  return sheet;
}

}  // namespace ip2p
