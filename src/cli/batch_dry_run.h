// batch_dry_run.h - what `ip2p batch --dry-run` says.
#pragma once

#include "ip2p/base/error.h"

#include "batch_flags.h"
#include "batch_plan.h"

namespace ip2p::cli {

/// Looks at every item and at the results of earlier runs, and prints what a run would do, how much
/// of it is done, and how long the rest would take on `workers` models, once a picture of this
/// bundle was made into this folder. Errors as the run itself would have them before its first
/// picture.
Exit say_batch_plan(const BatchPlan& plan, const BatchFlags& flags, std::size_t workers);

}  // namespace ip2p::cli
