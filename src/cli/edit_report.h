// edit_report.h - what `ip2p edit` says of a picture that it makes, or would make.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "ip2p/edit/record.h"
#include "ip2p/image/fit.h"

#include "edit_plan.h"

namespace ip2p::cli {

/// Where the plan would be computed, in words: "cpu, float32, 2 threads".
std::string placement_words(const std::string& device, const std::string& dtype);

/// "90x60 in, 128x64 inside the model, 90x60 out".
std::string size_words(const FitSizes& sizes);

/// "euler_a, 20 steps, s_T 7.5, s_I 1.5".
std::string sampling_words(const EditOptions& options);

/// The record of one picture of the plan.
EditRecord record_of(const EditPlan& plan, const PlannedOutput& output,
                     const std::string& input_hash, const PlacementNames& placement);

/// Prints an object to stdout on a line of its own. Names of files may hold bytes that are not
/// UTF-8.
void print_json(const nlohmann::ordered_json& object);

/// What --dry-run says to people.
std::string plan_words(const EditPlan& plan, const FitSizes& sizes,
                       const PlacementNames& placement);

/// Peak memory of the process, in MiB.
long peak_memory_mib();

}  // namespace ip2p::cli
