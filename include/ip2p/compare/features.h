// features.h - what pictures and texts mean, as vectors whose directions can be compared.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ip2p/image/image.h"

namespace ip2p {

using Features = std::vector<float>;

/// A model that sees pictures and texts in one space, such as CLIP. Calls may run concurrently.
class ImageTextFeatures {
 public:
  ImageTextFeatures() = default;
  ImageTextFeatures(const ImageTextFeatures&) = delete;
  ImageTextFeatures& operator=(const ImageTextFeatures&) = delete;
  virtual ~ImageTextFeatures() = default;

  /// All of one length; what they mean is their direction.
  [[nodiscard]] virtual Features of_picture(const Image& picture) const = 0;
  [[nodiscard]] virtual Features of_text(const std::string& words) const = 0;
};

/// Looks at every picture and every text once: references and inputs come again in each case and
/// repeat. One call goes on to `source` at a time.
class RememberedFeatures : public ImageTextFeatures {
 public:
  explicit RememberedFeatures(std::unique_ptr<const ImageTextFeatures> source)
      : source_(std::move(source)) {}

  [[nodiscard]] Features of_picture(const Image& picture) const override;
  [[nodiscard]] Features of_text(const std::string& words) const override;

 private:
  std::unique_ptr<const ImageTextFeatures> source_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Features> pictures_;  ///< by the hash of size and pixels
  mutable std::map<std::string, Features> texts_;
};

/// The cosine of the angle between two vectors of one length, -1 to 1; 0 when one of them is zero
/// and has no direction.
double cosine(std::span<const float> one, std::span<const float> other);

/// Whether what changed in a picture is what changed in its caption (Brooks et al. 2023, section
/// 4.1): the cosine between the change of the picture's features and that of the caption's, each
/// first made of unit length. 0 when one of the two did not change.
struct Change {
  Features before;
  Features after;
};
double change_similarity(const Change& picture, const Change& caption);

}  // namespace ip2p
