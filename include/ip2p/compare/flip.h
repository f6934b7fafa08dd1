// flip.h - FLIP: how large the difference of two pictures seems to a person who flips between them
// (Andersson, Nilsson, Akenine-Moeller, Oskarsson, Astroem, Fairchild, HPG 2020), for pictures of
// ordinary brightness.
#pragma once

#include <vector>

#include "ip2p/compare/pixel_difference.h"

namespace ip2p {

/// Pixels a degree of the field of view, of a person 0.7 m before a screen 0.7 m and 3840 pixels
/// wide: the paper's setting, and the reference implementation's default.
inline constexpr double flip_pixels_per_degree = 67.0206432765823;

/// The error of every pixel, 0 to 1, rows from the top. Alpha is not looked at.
std::vector<float> flip_map(const Image& reference, const Image& other,
                            double pixels_per_degree = flip_pixels_per_degree);

/// The mean of the map over the pixels that count: 0 for equal pictures.
double flip(const Image& reference, const Image& other, const Counted& counted = {},
            double pixels_per_degree = flip_pixels_per_degree);

}  // namespace ip2p
