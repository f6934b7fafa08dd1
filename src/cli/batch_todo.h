// batch_todo.h - which items of a batch are still to be done, one after another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "ip2p/batch/results_log.h"
#include "ip2p/batch/task.h"

#include "batch_flags.h"
#include "batch_plan.h"

namespace ip2p::cli {

/// `known`: what the results say of it. Done is what is still there; failed is what is not tried
/// again without --retry-failed.
Standing standing(const BatchTask& task, Known known, const BatchFlags& flags);

/// The plan's items without those that earlier runs have done or seen fail.
class BatchTodo {
 public:
  BatchTodo(const BatchPlan& plan, const BatchFlags& flags, const ResultsLog& log)
      : plan_(plan), flags_(flags), log_(log), items_(plan.items()) {}

  /// nullopt at the end. As ItemSource::next and BatchPlan::task.
  std::optional<BatchTask> next();

  // Of those passed over so far; may be asked from any thread.
  [[nodiscard]] std::uint64_t done_before() const { return done_before_; }
  [[nodiscard]] std::uint64_t failed_before() const { return failed_before_; }

 private:
  const BatchPlan& plan_;
  const BatchFlags& flags_;
  const ResultsLog& log_;
  std::unique_ptr<ItemSource> items_;
  std::atomic<std::uint64_t> done_before_ = 0;
  std::atomic<std::uint64_t> failed_before_ = 0;
};

}  // namespace ip2p::cli
