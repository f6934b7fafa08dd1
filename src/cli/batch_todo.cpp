// batch_todo.cpp - resuming, item by item.
#include "batch_todo.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "ip2p/batch/empty_file.h"

namespace ip2p::cli {
namespace {

/// Clocks of file servers may be a little ahead.
constexpr std::chrono::seconds clock_error{2};

/// Whether a file is younger than the line that says it was made.
bool changed_since(const fs::path& path, std::int64_t time_ms) {
  using namespace std::chrono;
  std::error_code unknown;
  const fs::file_time_type changed = fs::last_write_time(path, unknown);
  if (unknown) return false;
  const auto made = file_clock::from_sys(sys_time<milliseconds>(milliseconds(time_ms)));
  return changed > made + clock_error;
}

}  // namespace

Standing find_standing(BatchTask& task, Known known, const std::optional<EarlierOutput>& made,
                       const BatchFlags& flags) {
  std::error_code unreadable;
  const bool is_there = fs::exists(task.path, unreadable);
  const bool is_empty = is_there && is_empty_file(task.path);
  if (!flags.no_resume) {
    if (known == Known::done && is_there && !is_empty) return Standing::done;
    if (known == Known::failed && !flags.retry_failed) return Standing::failed;
  }
  if (!is_there || !made) return Standing::to_do;
  if (!made->of_this_input)
    task.in_the_way = "was made of another input";
  else if (!is_empty && changed_since(task.path, made->time_ms))
    task.in_the_way = "was changed since this batch made it";
  else
    task.replaces = true;
  return Standing::to_do;
}

BatchTodo::BatchTodo(const BatchPlan& plan, const BatchFlags& flags, const ResultsLog& log,
                     BatchAnswers answers)
    : plan_(plan),
      flags_(flags),
      log_(log),
      answers_(std::move(answers)),
      items_(plan.items([this] { return stopping_ && stopping_(); })) {}

std::optional<BatchTask> BatchTodo::next(const StopCheck& stopping) {
  stopping_ = stopping;
  for (;;) {
    if (stopping_ && stopping_()) return std::nullopt;
    try {
      return next_task();
    } catch (const Error& error) {
      if (!plan_.reads_stdin() || error.exit() != Exit::usage) throw;
      ++refused_;
      answers_.refused(error);
    }
  }
}

std::optional<BatchTask> BatchTodo::next_task() {
  while (std::optional<BatchItem> item = items_->next()) {
    std::optional<BatchTask> task = plan_.task(std::move(*item));
    if (!task) continue;
    wait_for(task->output);
    if (stopping_ && stopping_()) return std::nullopt;
    const Standing stands = find_standing(*task, log_.known(task->output, task->fingerprint),
                                          log_.made(task->output, task->fingerprint), flags_);
    if (stands == Standing::to_do) {
      if (task->replaces) ++replaced_;
      const std::lock_guard lock(mutex_);
      in_flight_.insert(task->output);
      return task;
    }
    ++(stands == Standing::done ? done_before_ : failed_before_);
    if (plan_.reads_stdin()) answers_.passed_over(*task, stands);
  }
  return std::nullopt;
}

void BatchTodo::wait_for(const std::string& output) {
  constexpr std::chrono::milliseconds span{50};
  std::unique_lock lock(mutex_);
  while (in_flight_.contains(output) && !(stopping_ && stopping_()))
    has_ended_.wait_for(lock, span);
}

void BatchTodo::ended(const std::string& output) {
  const std::lock_guard lock(mutex_);
  in_flight_.erase(output);
  has_ended_.notify_all();
}

}  // namespace ip2p::cli
