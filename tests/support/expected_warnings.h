// expected_warnings.h - lets one test ask for the warnings it causes; all others fail their test.
#pragma once

#include <string>
#include <vector>

namespace ip2p::test {

/// While it lives, warnings and errors in the log are collected instead of failing the test.
class ExpectedWarnings {
 public:
  ExpectedWarnings();
  ExpectedWarnings(const ExpectedWarnings&) = delete;
  ExpectedWarnings& operator=(const ExpectedWarnings&) = delete;
  ~ExpectedWarnings();

  [[nodiscard]] const std::vector<std::string>& sentences() const { return sentences_; }

 private:
  std::vector<std::string> sentences_;
};

}  // namespace ip2p::test
