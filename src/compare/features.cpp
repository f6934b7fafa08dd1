// features.cpp - sums in double: features that differ in the last bits only are far from parallel.
#include "ip2p/compare/features.h"

#include <algorithm>
#include <cmath>

#include "ip2p/base/error.h"
#include "ip2p/base/files.h"

namespace ip2p {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& one, const Vector& other) {
  double sum = 0;
  for (std::size_t i = 0; i < one.size(); ++i) sum += one[i] * other[i];
  return sum;
}

double angle_cosine(const Vector& one, const Vector& other) {
  if (one.size() != other.size())
    throw Error(Exit::bug, text("features of ", one.size(), " and ", other.size(), " numbers"));
  const double lengths = std::sqrt(dot(one, one)) * std::sqrt(dot(other, other));
  return lengths == 0 ? 0 : std::clamp(dot(one, other) / lengths, -1.0, 1.0);
}

Vector of_unit_length(const Features& features) {
  Vector unit(features.begin(), features.end());
  const double length = std::sqrt(dot(unit, unit));
  if (length > 0)
    for (double& number : unit) number /= length;
  return unit;
}

/// From before to after.
Vector difference(const Change& change) {
  Vector moved = of_unit_length(change.after);
  const Vector before = of_unit_length(change.before);
  if (moved.size() != before.size())
    throw Error(Exit::bug, text("features of ", before.size(), " and ", moved.size(), " numbers"));
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= before[i];
  return moved;
}

/// What a picture's features depend on, by a hash.
std::string key_of(const Image& picture) {
  Bytes all = picture.rgb;
  all.insert(all.end(), picture.alpha.begin(), picture.alpha.end());
  return text(picture.width, 'x', picture.height, ' ', picture.alpha.size(), ' ', sha256_of(all));
}

}  // namespace

Features RememberedFeatures::of_picture(const Image& picture) const {
  const std::string key = key_of(picture);
  const std::lock_guard lock(mutex_);
  const auto known = pictures_.find(key);
  if (known != pictures_.end()) return known->second;
  return pictures_[key] = source_->of_picture(picture);
}

Features RememberedFeatures::of_text(const std::string& words) const {
  const std::lock_guard lock(mutex_);
  const auto known = texts_.find(words);
  if (known != texts_.end()) return known->second;
  return texts_[words] = source_->of_text(words);
}

double cosine(std::span<const float> one, std::span<const float> other) {
  return angle_cosine({one.begin(), one.end()}, {other.begin(), other.end()});
}

double change_similarity(const Change& picture, const Change& caption) {
  return angle_cosine(difference(picture), difference(caption));
}

}  // namespace ip2p
