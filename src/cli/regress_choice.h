// regress_choice.h - which of a suite's cases a run is about, and what it keeps of the others.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run_record.h"

namespace ip2p::cli {

/// What a run makes and judges.
struct ChosenCases {
  std::vector<Case> cases;
  std::vector<std::string> orphans;

  [[nodiscard]] bool empty() const { return cases.empty() && orphans.empty(); }
  [[nodiscard]] bool has(const std::string& name) const;
};

/// Those whose names fit one of the patterns; all without patterns. Error{usage} when none does.
ChosenCases cases_to_run(const Suite& suite, const std::vector<std::string>& patterns);

/// Those of them that were in that run, or an earlier one that it remembers, and did not pass.
ChosenCases failed_before(ChosenCases chosen, const RunRecord& before);

/// The verdicts of folders that are no cases.
std::vector<CaseResult> orphan_results(const std::vector<std::string>& orphans);

/// What run.json in the folder knows of the suite's other cases, for "earlier" of the next one. A
/// warning says so where it cannot be read and is forgotten.
nlohmann::ordered_json kept_of_others(const fs::path& folder, const Suite& suite,
                                      const ChosenCases& chosen);

}  // namespace ip2p::cli
