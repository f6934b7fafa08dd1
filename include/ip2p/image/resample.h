// resample.h - resampling that filters when it shrinks, equal to Pillow's to the bit.
#pragma once

#include "ip2p/image/image.h"

namespace ip2p {

/// Width and height in pixels.
struct Size {
  int width = 0;
  int height = 0;

  friend bool operator==(const Size&, const Size&) = default;
};

/// A part of a picture, in pixels from its upper left corner; edges may lie inside a pixel.
struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

/// Whole pixels of a picture.
struct Rectangle {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

/// The largest part in the middle of a picture of size `from` that has the shape of `to`.
Box centre_box(Size from, Size to);

/// `box` of the picture at another size, as Pillow's Image.resize(size, LANCZOS, box). The alpha is
/// resampled for itself and does not weigh the colours. EXIF is kept. Error{bug} when a side of
/// the picture or of the result is below 1, or the box is empty or reaches outside.
Image resize_lanczos(const Image& image, Size size, const Box& box);

/// The whole picture at another size. The same size gives the same picture.
Image resize_lanczos(const Image& image, int width, int height);

/// `part` of what the picture is at another size, as Pillow's Image.resize(size, BICUBIC), cropped;
/// the rest of it is not made. Alpha and EXIF as above. Error{bug} when a side is below 1, or the
/// part reaches outside.
Image resize_bicubic(const Image& image, Size size, const Rectangle& part);

/// The middle of the picture at another size, as Pillow's ImageOps.fit(image, size, LANCZOS).
Image fit_crop(const Image& image, int width, int height);

}  // namespace ip2p
