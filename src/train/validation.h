// validation.h - how good the averaged weights are on examples they never learn from.
#pragma once

#include <vector>

#include "ip2p/edit/editor.h"
#include "ip2p/image/image.h"
#include "ip2p/train/batches.h"
#include "ip2p/train/example.h"

namespace ip2p {

/// Rows of (input, edit with the bundle's defaults and seed 0, edited picture of the example), one
/// an example, on one sheet. Pictures are shown as the model sees them: squares of `resolution`
/// pixels.
Image contact_sheet(const Editor& editor, const std::vector<Example>& examples,
                    std::int64_t resolution);

/// `count` examples spread evenly over `all`, fewer when there are fewer.
std::vector<Example> spread(const std::vector<Example>& all, std::int64_t count);

}  // namespace ip2p
