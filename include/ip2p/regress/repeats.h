// repeats.h - cases made several times over: flakiness is measured, not hidden.
#pragma once

#include <cstddef>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// Takes what another run of the same cases made into `results`: each case's spread grows by the
/// distance of its two pictures, and a case that passed and does not now has the later result, with
/// "in repeat NUMBER: " before its reason. Error{file} when a picture cannot be read.
void add_repeat(std::vector<CaseResult>& results, const std::vector<CaseResult>& again,
                std::size_t number);

}  // namespace ip2p
