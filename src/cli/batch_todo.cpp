// batch_todo.cpp - resuming, item by item.
#include "batch_todo.h"

#include <system_error>

namespace ip2p::cli {

Standing standing(const BatchTask& task, Known known, const BatchFlags& flags) {
  if (flags.no_resume) return Standing::to_do;
  std::error_code unreadable;
  if (known == Known::done && fs::exists(task.path, unreadable)) return Standing::done;
  if (known == Known::failed && !flags.retry_failed) return Standing::failed;
  return Standing::to_do;
}

std::optional<BatchTask> BatchTodo::next() {
  while (std::optional<BatchItem> item = items_->next()) {
    std::optional<BatchTask> task = plan_.task(std::move(*item));
    if (!task) continue;
    switch (standing(*task, log_.known(task->output, task->fingerprint), flags_)) {
      case Standing::done:
        ++done_before_;
        break;
      case Standing::failed:
        ++failed_before_;
        break;
      case Standing::to_do:
        task->replaces = log_.has_made(task->output);
        return task;
    }
  }
  return std::nullopt;
}

}  // namespace ip2p::cli
