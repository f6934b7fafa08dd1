// orientation.h - turning a picture upright, as EXIF's eight orientations say.
#pragma once

#include "ip2p/image/image.h"

namespace ip2p {

/// The picture as a viewer shows it. `orientation` is EXIF's, 1 (upright) to 8.
Image upright(Image image, int orientation);

}  // namespace ip2p
