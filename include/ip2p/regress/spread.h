// spread.h - how far apart pictures lie that ought to be one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/compare/limits.h"

namespace ip2p {

struct CaseResult;

/// The worst of each metric over pairs of pictures.
struct Spread {
  std::size_t pairs = 0;
  std::int64_t max_abs = 0;    ///< levels of 255
  double mean_abs = 0;         ///< levels of 255
  double differing_share = 0;  ///< of the pixels
  double psnr_db = std::numeric_limits<double>::infinity();
  double ssim = 1;
  double flip = 0;

  void add(const Metrics& metrics);  ///< with ssim and flip, else those stay
  void add(const Spread& other);
};

/// max_abs, mean_abs, differing_share, psnr_db (null for equal pictures), ssim, flip.
nlohmann::ordered_json spread_to_json(const Spread& spread);

/// Limits for max_abs, mean_abs, ssim and flip that a spread as large keeps to: twice as far and a
/// little more, since what was seen is not all there is.
Limits limits_beyond(const Spread& spread);

/// Between the pictures of the cases that both runs made, of all metrics. Error{file} when one
/// cannot be read, or when two have different sizes.
Spread spread_between(const std::vector<CaseResult>& one, const std::vector<CaseResult>& other);

}  // namespace ip2p
