// junit.h - a run for the test reports of CI systems.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// A run as JUnit XML, in the form that Jenkins' schema, GitLab and GitHub's reporters share: one
/// <testcase> a case; <failure> for what does not pass, <error> for what could not be made or read;
/// and in <system-out> the pictures, as GitLab and Jenkins attach them, and what was measured (the
/// schema knows no properties of a case). `suite` names it. What XML has no way to say becomes
/// U+FFFD.
std::string junit_xml(const std::string& suite, const std::vector<CaseResult>& results);

}  // namespace ip2p
