// edit_run.h - makes the pictures of a plan.
#pragma once

#include <string>

#include "ip2p/image/fit.h"
#include "ip2p/image/image.h"

#include "edit_flags.h"
#include "edit_plan.h"

namespace ip2p::cli {

/// Loads the bundle and makes every picture of the plan; prints each result as soon as its file is
/// there. `sizes` and `input_hash` are those of `input`. Error{interrupted} between two steps or
/// stages once a signal came: a picture that is not finished is not written.
void make_pictures(const EditPlan& plan, const EditFlags& flags, const Image& input,
                   const FitSizes& sizes, const std::string& input_hash);

}  // namespace ip2p::cli
