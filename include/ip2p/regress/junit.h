// junit.h - a run for the test reports of CI systems.
#pragma once

#include <string>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// A run as JUnit XML, in the form that Jenkins' schema, GitLab and GitHub's reporters share: one
/// <testcase> a case; what was measured in its <properties>; <failure> for what does not pass,
/// <error> for what could not be made or read; and in <system-out> the pictures, as GitLab and
/// Jenkins attach them. `suite` names it. Bytes that are not UTF-8 and
/// control characters become U+FFFD.
std::string junit_xml(const std::string& suite, const std::vector<CaseResult>& results);

}  // namespace ip2p
