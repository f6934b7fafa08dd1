// regress_choice.cpp - names against patterns, and against the last run.
#include "regress_choice.h"

#include <algorithm>

#include "ip2p/base/log.h"

#include "regress_setup.h"

namespace ip2p::cli {
namespace {

bool has_case(const std::vector<Case>& cases, const std::string& name) {
  return std::ranges::find(cases, name, &Case::name) != cases.end();
}

bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

bool ChosenCases::has(const std::string& name) const {
  return has_case(cases, name) || has_name(orphans, name);
}

ChosenCases cases_to_run(const Suite& suite, const std::vector<std::string>& patterns) {
  ChosenCases chosen{.cases = cases_that_fit(suite, patterns), .orphans = suite.orphans};
  std::erase_if(chosen.orphans, [&](const std::string& name) { return !fits_one(name, patterns); });
  if (chosen.empty())
    throw Error(Exit::usage,
                text("no case of ", suite.folder, " was chosen; it has ", suite.cases.size()));
  return chosen;
}

ChosenCases failed_before(ChosenCases chosen, const RunRecord& before) {
  const auto has_not_failed = [&before](const std::string& name) {
    const auto found = std::ranges::find(before.results, name, &KeptResult::name);
    return found == before.results.end() || found->verdict == Verdict::passes;
  };
  std::erase_if(chosen.cases, [&](const Case& each) { return has_not_failed(each.name); });
  std::erase_if(chosen.orphans, has_not_failed);
  return chosen;
}

std::vector<CaseResult> orphan_results(const std::vector<std::string>& orphans) {
  std::vector<CaseResult> results;
  for (const std::string& name : orphans) {
    CaseResult& result = results.emplace_back();
    result.name = name;
    result.verdict.verdict = Verdict::orphan;
    result.verdict.reason = "its folder has no case.json";
  }
  return results;
}

nlohmann::ordered_json kept_of_others(const fs::path& folder, const Suite& suite,
                                      const ChosenCases& chosen) {
  const auto is_other = [&](const std::string& name) {
    return !chosen.has(name) && (has_case(suite.cases, name) || has_name(suite.orphans, name));
  };
  const bool has_others =
      chosen.cases.size() + chosen.orphans.size() < suite.cases.size() + suite.orphans.size();
  try {
    if (has_others) return earlier_results(folder, is_other);
  } catch (const Error& error) {
    log::warn(text(error.what(), "; what it says of cases that are not run now is forgotten"));
  }
  return nlohmann::ordered_json::array();
}

}  // namespace ip2p::cli
