// orientation.cpp - transposing and flipping, with OpenCV.
#include "ip2p/image/orientation.h"

#include <array>
#include <utility>

#include <opencv2/core.hpp>

#include "ip2p/base/error.h"

namespace ip2p {
namespace {

enum Flip { none, vertical, horizontal, both };

/// A transposition (rows become columns), and after it a flip.
struct Turn {
  bool transpose;
  Flip flip;
};

// By orientation, from 1: where the first row and the first column of the file are to be seen.
constexpr std::array<Turn, 8> turns{{
    {false, none},        // 1: top, left
    {false, horizontal},  // 2: top, right
    {false, both},        // 3: bottom, right
    {false, vertical},    // 4: bottom, left
    {true, none},         // 5: left, top
    {true, horizontal},   // 6: right, top
    {true, both},         // 7: right, bottom
    {true, vertical},     // 8: left, bottom
}};

/// Samples of `width` x `height` pixels, turned.
Bytes turned(Bytes samples, int width, int height, int channels, Turn turn) {
  if (samples.empty()) return samples;
  const int type = CV_8UC(channels);
  Bytes other(samples.size());
  cv::Mat from(height, width, type, samples.data());
  cv::Mat to(turn.transpose ? width : height, turn.transpose ? height : width, type, other.data());
  if (turn.transpose)
    cv::transpose(from, to);
  else
    std::swap(from, to);
  if (turn.flip == none) return turn.transpose ? other : samples;

  // `to` has the pixels now; they are flipped into the bytes that are free.
  constexpr std::array<int, 4> opencv_codes{0, 0, 1, -1};
  cv::Mat flipped(to.rows, to.cols, type, turn.transpose ? samples.data() : other.data());
  cv::flip(to, flipped, opencv_codes.at(turn.flip));
  return turn.transpose ? samples : other;
}

}  // namespace

Image upright(Image image, int orientation) {
  if (orientation < 1 || orientation > 8)
    throw Error(Exit::bug, text("orientation ", orientation, " is not one of 1 to 8"));
  const Turn turn = turns.at(static_cast<std::size_t>(orientation - 1));
  if (!turn.transpose && turn.flip == none) return image;
  image.rgb = turned(std::move(image.rgb), image.width, image.height, 3, turn);
  image.alpha = turned(std::move(image.alpha), image.width, image.height, 1, turn);
  if (turn.transpose) std::swap(image.width, image.height);
  return image;
}

}  // namespace ip2p
