// batch_todo.h - which items of a batch are still to be done, one after another.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ip2p/batch/engine.h"
#include "ip2p/batch/results_log.h"
#include "ip2p/batch/task.h"

#include "batch_flags.h"
#include "batch_plan.h"

namespace ip2p::cli {

/// Where a task stands, by what the results say of it, and fills in whether it may replace what is
/// there: what an earlier run made of the same input, unless somebody changed it since.
Standing find_standing(BatchTask& task, Known known, const std::optional<EarlierOutput>& made,
                       const BatchFlags& flags);

/// What is said of items that are not edited, where somebody waits for an answer to each: on stdin.
struct BatchAnswers {
  std::function<void(const BatchTask&, Standing)> passed_over;
  std::function<void(const Error&)> refused;  ///< of a line that is wrong
};

/// The plan's items without those that earlier runs have done or seen fail.
class BatchTodo {
 public:
  BatchTodo(const BatchPlan& plan, const BatchFlags& flags, const ResultsLog& log,
            BatchAnswers answers);

  /// nullopt at the end. A task whose output is being made by an earlier one waits until that has
  /// ended. On stdin a line that is wrong is refused, and the next one taken; elsewhere as
  /// ItemSource::next and BatchPlan::task.
  std::optional<BatchTask> next(const StopCheck& stopping);
  /// Tells of the end of a task that `next` gave. From any thread.
  void ended(const std::string& output);

  // Of those passed over so far; may be asked from any thread.
  [[nodiscard]] std::uint64_t done_before() const { return done_before_; }
  [[nodiscard]] std::uint64_t failed_before() const { return failed_before_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t replaced() const { return replaced_; }
  // At the end.
  [[nodiscard]] std::uint64_t skipped() const { return items_->skipped(); }
  [[nodiscard]] std::vector<std::string> unlisted() const { return items_->unlisted(); }

 private:
  std::optional<BatchTask> next_task();
  void wait_for(const std::string& output);

  const BatchPlan& plan_;
  const BatchFlags& flags_;
  const ResultsLog& log_;
  BatchAnswers answers_;
  StopCheck stopping_;
  std::unique_ptr<ItemSource> items_;
  std::mutex mutex_;
  std::condition_variable has_ended_;
  std::set<std::string> in_flight_;  ///< outputs
  std::atomic<std::uint64_t> done_before_ = 0;
  std::atomic<std::uint64_t> failed_before_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> replaced_ = 0;
};

}  // namespace ip2p::cli
