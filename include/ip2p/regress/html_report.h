// html_report.h - a run for people: its pictures, what was measured, and how to approve them.
#pragma once

#include <vector>

#include "ip2p/regress/report_folder.h"
#include "ip2p/regress/run.h"

namespace ip2p {

/// Writes the report of a run into `report`. `run` is what run.json says, its results in the order
/// of `results`; `run_folder` is where it lies, for the commands that approve. A picture that
/// cannot be read is a sentence in the report; Error{file} when the report cannot be written.
void write_html_report(ReportFolder& report, const Suite& suite, const fs::path& run_folder,
                       const std::vector<CaseResult>& results, nlohmann::ordered_json run);

}  // namespace ip2p
