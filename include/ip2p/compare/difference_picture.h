// difference_picture.h - where two pictures differ, to look at.
#pragma once

#include "ip2p/image/image.h"

namespace ip2p {

/// The reference, pale and grey, and on it every pixel that differs: from yellow for a difference
/// of 1 of 255 over red to black for the largest, so that the smallest shows as well. Alpha counts
/// where both have it. Both pictures have one size; Error{bug} else.
Image difference_picture(const Image& reference, const Image& picture);

}  // namespace ip2p
