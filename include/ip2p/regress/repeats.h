// repeats.h - cases made several times over: flakiness is measured, not hidden.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ip2p/regress/run.h"

namespace ip2p {

/// Several runs of the same cases as one: of each case the worst verdict counts (an error, then a
/// failure, then what is new), and its spread is how far its pictures lie from the first of them.
class Repeats {
 public:
  explicit Repeats(std::vector<CaseResult> first) : first_(std::move(first)), results_(first_) {}

  /// Takes in what another run made. The names of cases whose results are this run's now, with "in
  /// repeat NUMBER: " before the reason. Error{file} when a picture cannot be read.
  std::vector<std::string> add(const std::vector<CaseResult>& again, std::size_t number);

  [[nodiscard]] const std::vector<CaseResult>& results() const { return results_; }

 private:
  std::vector<CaseResult> first_;  ///< with the first picture that there is
  std::vector<CaseResult> results_;
};

}  // namespace ip2p
