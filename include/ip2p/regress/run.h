// run.h - a suite's edits made again and judged.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ip2p/batch/engine.h"
#include "ip2p/regress/case_verdict.h"
#include "ip2p/regress/spread.h"
#include "ip2p/regress/suite.h"

namespace ip2p {

/// What became of a case in a run.
struct CaseResult {
  std::string name;
  EditRequest request;   ///< resolved
  fs::path picture;      ///< what was made; empty when nothing was
  std::string sha256{};  ///< of that file as it was judged
  CaseVerdict verdict;
  std::optional<Spread> repeats;  ///< of its pictures, where the case was made several times
};

/// How the edits are made.
struct RunRules {
  EngineRules engine;                           ///< folder and overwrite are set by the run
  fs::path folder;                              ///< of the run: pictures are NAME.png in it
  std::size_t judges = 1;                       ///< threads that compare
  const ImageTextFeatures* features = nullptr;  ///< of the CLIP metrics; they are measured then
  std::function<void(const std::string&)> check_sampler{};  ///< Error{usage} for one there is not
};

/// Makes the pictures of these cases of a suite (several together, one load) and judges each as
/// soon as it is there; `observe` is called for each in the order in which they end, one at a time.
/// Returns all in the order of `cases`; those that `stop` came before are not among them. What can
/// not be made, or not be judged, is a verdict; Error{file} only when the run's folder cannot be
/// written.
std::vector<CaseResult> run_cases(const std::vector<Case>& cases,
                                  std::span<const std::unique_ptr<BatchModel>> models,
                                  const RunRules& rules,
                                  const std::function<void(const CaseResult&)>& observe,
                                  const std::function<bool()>& stop);

/// Judges the result's picture by what the case expects now; one that cannot be read is an error
/// and no picture.
void judge_again(CaseResult& result, const Case& expected, const RunRules& rules);

}  // namespace ip2p
