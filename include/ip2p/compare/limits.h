// limits.h - how far a picture may be from its reference, each limit named for what it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/base/options.h"
#include "ip2p/compare/features.h"
#include "ip2p/compare/pixel_difference.h"

namespace ip2p {

/// At most this share of the pixels may differ by more than this value.
struct PixelsOver {
  static constexpr Range value_range{std::int64_t{0}, std::int64_t{255}};
  static constexpr Range share_range{0.0, 1.0};

  std::int64_t value = 0;  ///< levels of 255
  double share = 0;        ///< of the pixels that count

  /// "8:0.01". Error{usage} with what is expected.
  static PixelsOver parse(const std::string& words);
};

/// What is not given is no limit. All that are given must hold.
struct Limits {
  std::optional<std::int64_t> max_abs;
  std::optional<double> mean_abs;
  std::optional<PixelsOver> pixels_over;
  std::optional<double> psnr_db;
  std::optional<double> ssim;
  std::optional<double> flip;
  std::optional<double> clip_image;
  std::optional<double> clip_direction;

  /// All but pixels_over, which is two numbers.
  template <class Self, class Field>
  static void visit(Self& self, Field&& field) {
    field("max-abs", self.max_abs,
          "the largest difference of a channel may be at most this, of 255",
          Range{std::int64_t{0}, std::int64_t{255}});
    field("mean-abs", self.mean_abs, "the mean difference may be at most this, of 255",
          Range{0.0, 255.0});
    field("psnr-db", self.psnr_db, "the peak signal-to-noise ratio must be at least this, in dB",
          Range{0.0, 1000.0});
    field("ssim", self.ssim, "the structural similarity must be at least this", Range{-1.0, 1.0});
    field("flip", self.flip, "the mean FLIP error may be at most this", Range{0.0, 1.0});
    field("clip-image", self.clip_image,
          "the similarity of what CLIP sees must be at least this; needs a CLIP bundle",
          Range{-1.0, 1.0});
    field("clip-direction", self.clip_direction,
          "the change of the picture must be that of its caption at least so far, by CLIP",
          Range{-1.0, 1.0});
  }

  [[nodiscard]] bool any() const;
  /// These, and where they say nothing `other`'s.
  [[nodiscard]] Limits or_else(const Limits& other) const;
};

/// Keys as the options' names, and "pixels_over": {"value": 8, "share": 0.01}. Error{usage} with
/// the key and what it may be, for what is no object, an unknown key, a wrong type and out of
/// range.
Limits limits_from_json(const nlohmann::ordered_json& json);
nlohmann::ordered_json limits_to_json(const Limits& limits);

/// Which of the metrics that cost something are to be measured.
struct MetricChoice {
  bool ssim = false;
  bool flip = false;
  bool clip_image = false;      ///< whether CLIP sees the same in both pictures
  bool clip_direction = false;  ///< whether CLIP sees what was to be changed

  [[nodiscard]] bool clip() const { return clip_image || clip_direction; }
};

/// What an edit's input shows, and what the edited picture is to show, in words.
struct Captions {
  std::string before;
  std::string after;
};

/// What the CLIP metrics need beside the two pictures.
struct ClipSubject {
  const ImageTextFeatures* features = nullptr;
  const Image* input = nullptr;        ///< of clip_direction: what was edited
  const Captions* captions = nullptr;  ///< of clip_direction
};

/// What was measured of two pictures.
struct Metrics {
  PixelDifference pixels;
  std::optional<double> ssim;
  std::optional<double> flip;
  std::optional<double> clip_image;      ///< cosine of the two pictures' features
  std::optional<double> clip_direction;  ///< change_similarity of input and picture
};

/// Both have one size. Pixels that do not count are taken as equal also where a metric looks at a
/// pixel's surroundings, or at all of it. Error{bug} when `clip` lacks what the choice needs.
Metrics measure(const Image& reference, const Image& picture, MetricChoice choice,
                const Counted& counted = {}, const ClipSubject& clip = {});

/// A limit, what was found, and whether it holds.
struct Judged {
  std::string metric;  ///< as in JSON: "max_abs"
  double found = 0;
  double limit = 0;
  bool at_least = false;  ///< the limit is the least that may be found, not the most
  bool holds = false;
};

/// Every limit that is given; a metric that it needs and that was not measured is Error{bug}.
std::vector<Judged> judge(const Metrics& metrics, const Limits& limits);

/// What was measured and judged, for reports: max_abs, worst, mean_abs, differing_share, psnr_db
/// (null for equal pictures: JSON has no infinity), ssim, flip, clip_image, clip_direction, limits.
nlohmann::ordered_json measures_to_json(const Metrics& metrics, const std::vector<Judged>& judged);

/// What the limits need measured.
MetricChoice needed(const Limits& limits);

/// Empty when two pictures can be compared pixel by pixel; else why not: "is 32x32, not 64x64",
/// "has lost its alpha".
std::string mismatch(const Image& reference, const Image& picture);

}  // namespace ip2p
