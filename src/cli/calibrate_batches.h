// calibrate_batches.h - a suite's cases so that batches are full: only what is alike is edited
// together, and a suite may have no two alike.
#pragma once

#include <cstddef>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p::cli {

/// The cases, alike ones one after another, and so many of them again with other seeds that they
/// fill batches of `size`. `made` is what they came to before, in their order. What was added has a
/// name that no case of a suite can have.
std::vector<Case> in_full_batches(const std::vector<Case>& cases,
                                  const std::vector<CaseResult>& made, std::size_t size);

/// Forgets what is known of a run's folder, so that `fewest_together` is of the next run alone.
void forget_batches(const fs::path& folder);

/// How many edits were made together at least by the run whose folder this is: what runs out of
/// memory is made in smaller batches. Error{file}.
std::size_t fewest_together(const fs::path& folder);

}  // namespace ip2p::cli
