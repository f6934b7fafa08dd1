// spread.cpp - worst cases, and limits beyond them.
#include "ip2p/regress/spread.h"

#include <algorithm>
#include <cmath>

#include "ip2p/base/error.h"
#include "ip2p/image/read.h"
#include "ip2p/regress/run.h"

namespace ip2p {
namespace {

constexpr MetricChoice everything{.ssim = true, .flip = true};

/// Twice as far from `equal`, and `more`; four digits, for people read them.
double beyond(double found, double equal, double more, double lowest, double highest) {
  constexpr double digits = 1e4;
  const double far = equal + 2 * (found - equal);
  const double limit = found < equal || more < 0 ? std::floor((far + more) * digits) / digits
                                                 : std::ceil((far + more) * digits) / digits;
  return std::clamp(limit, lowest, highest);
}

}  // namespace

void Spread::add(const Metrics& metrics) {
  ++pairs;
  max_abs = std::max<std::int64_t>(max_abs, metrics.pixels.worst.value);
  mean_abs = std::max(mean_abs, metrics.pixels.mean_abs);
  differing_share = std::max(differing_share, metrics.pixels.share_over(0));
  psnr_db = std::min(psnr_db, metrics.pixels.psnr_db());
  ssim = std::min(ssim, metrics.ssim.value_or(ssim));
  flip = std::max(flip, metrics.flip.value_or(flip));
}

void Spread::add(const Spread& other) {
  pairs += other.pairs;
  max_abs = std::max(max_abs, other.max_abs);
  mean_abs = std::max(mean_abs, other.mean_abs);
  differing_share = std::max(differing_share, other.differing_share);
  psnr_db = std::min(psnr_db, other.psnr_db);
  ssim = std::min(ssim, other.ssim);
  flip = std::max(flip, other.flip);
}

nlohmann::ordered_json spread_to_json(const Spread& spread) {
  nlohmann::ordered_json json{{"max_abs", spread.max_abs},
                              {"mean_abs", spread.mean_abs},
                              {"differing_share", spread.differing_share},
                              {"psnr_db", nullptr},
                              {"ssim", spread.ssim},
                              {"flip", spread.flip}};
  if (std::isfinite(spread.psnr_db)) json["psnr_db"] = spread.psnr_db;
  return json;
}

Limits limits_beyond(const Spread& spread) {
  constexpr std::int64_t white = 255;
  Limits limits;
  limits.max_abs = std::min(2 * spread.max_abs + 1, white);
  limits.mean_abs = beyond(spread.mean_abs, 0, 0.01, 0, static_cast<double>(white));
  limits.ssim = beyond(spread.ssim, 1, -0.001, -1, 1);
  limits.flip = beyond(spread.flip, 0, 0.001, 0, 1);
  return limits;
}

Spread spread_between(const std::vector<CaseResult>& one, const std::vector<CaseResult>& other) {
  Spread spread;
  for (const CaseResult& first : one) {
    const auto second = std::ranges::find(other, first.name, &CaseResult::name);
    if (first.picture.empty() || second == other.end() || second->picture.empty()) continue;
    const Image reference = read_image(first.picture);
    const Image picture = read_image(second->picture);
    const std::string differs = mismatch(reference, picture);
    if (!differs.empty()) throw Error(Exit::file, text(second->picture, " ", differs));
    spread.add(measure(reference, picture, everything));
  }
  return spread;
}

}  // namespace ip2p
