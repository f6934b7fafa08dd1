// ssim.h - structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004).
#pragma once

#include "ip2p/compare/pixel_difference.h"

namespace ip2p {

/// 1 for equal pictures, lower for others, down to -1: the mean over R, G and B and over the
/// pixels that count. Gaussian windows of sigma 1.5, cut at 11 pixels, K1 0.01, K2 0.03, population
/// covariance: the paper's settings, and scikit-image's structural_similarity with
/// gaussian_weights=True, sigma=1.5, use_sample_covariance=False. As there, the 5 pixels at the
/// edges are left out, unless nothing else counts. Alpha is not looked at.
double ssim(const Image& one, const Image& other, const Counted& counted = {});

}  // namespace ip2p
