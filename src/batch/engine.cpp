// engine.cpp - follow a task: next, read, edit, write. What is done for one is in task_work.cpp.
#include "ip2p/batch/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "ip2p/base/disk_full.h"
#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/batch/bounded_queue.h"

#include "batch_sizes.h"
#include "task_work.h"
#include "waiting_room.h"

namespace ip2p {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Joins on the way out, also when something was thrown.
class Threads {
 public:
  template <class Work>
  void start(std::size_t count, Work work) {
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([work, i] { work(i); });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { join(); }

 private:
  std::vector<std::thread> threads_;
};

class Engine {
 public:
  Engine(const NextTask& next, std::span<const std::unique_ptr<BatchModel>> models,
         const EngineRules& rules, ResultsLog& log,
         const std::function<void(const BatchEvent&)>& observe, const std::function<bool()>& stop)
      : next_(next),
        models_(models),
        rules_(rules),
        log_(log),
        observe_(observe),
        stop_(stop),
        work_(rules, log, [this] { return stopping(); }),
        sizes_(rules.batch_size, rules.largest_batch),
        to_read_(2 * rules.readers),
        room_(std::max<std::size_t>(16, 2 * most_together(rules) * models.size())),
        to_write_(2 * most_together(rules)) {}

  BatchCounts run() {
    {
      Threads writers;
      const Closing written(to_write_);
      writers.start(rules_.writers, [this](std::size_t) {
        // When nobody writes, nobody may wait for room to have something written.
        if (!guarded([this] { write_all(); })) to_write_.abandon();
      });
      Threads devices;
      const Closing edited(room_);
      devices.start(models_.size(),
                    [this](std::size_t i) { guarded([this, i] { edit_all(*models_[i]); }); });
      Threads readers;
      const Closing fed(to_read_);
      readers.start(rules_.readers, [this](std::size_t) { guarded([this] { read_all(); }); });
      guarded([this] { feed(); });
    }
    if (failure_) std::rethrow_exception(failure_);
    log_.flush();
    counts_.stopped = stopping();
    return counts_;
  }

 private:
  /// Closes a queue at the end of a scope, before the threads that were started after it are
  /// joined.
  template <class Queue>
  class Closing {
   public:
    explicit Closing(Queue& queue) : queue_(queue) {}
    Closing(const Closing&) = delete;
    Closing& operator=(const Closing&) = delete;
    ~Closing() { queue_.close(); }

   private:
    Queue& queue_;
  };

  static std::size_t most_together(const EngineRules& rules) {
    return rules.batch_size > 0 ? rules.batch_size : rules.largest_batch;
  }

  // What a stage does, until the one before it has ended.

  void feed() {
    while (!stopping()) {
      std::optional<BatchTask> task = next_([this] { return stopping(); });
      if (!task) return;
      room_.expect();
      if (!to_read_.push(std::move(*task))) return;
    }
    drop_what_waits();
  }

  void read_all() {
    while (std::optional<BatchTask> task = to_read_.pop()) {
      if (stopping()) {
        room_.excuse();
        continue;
      }
      try {
        room_.add(work_.read(*task));
      } catch (const std::bad_alloc&) {
        room_.excuse();
        fail(*task, Error(Exit::device, text(task->item.input, " is too large for the memory")));
      } catch (const Error& error) {
        room_.excuse();
        fail(*task, error);
      }
    }
  }

  void edit_all(BatchModel& model) {
    const auto limit = [this](const AlikeKey& key) { return sizes_.limit(key); };
    for (;;) {
      if (stopping()) drop_what_waits();
      std::vector<ReadyTask> tasks = room_.take(limit);
      if (tasks.empty()) return;
      edit(model, std::move(tasks));
    }
  }

  void write_all() {
    while (std::optional<MadeTask> made = to_write_.pop()) {
      try {
        finish(made->ready.task, work_.write(*made), false);
      } catch (const LogFailed&) {
        throw;
      } catch (const DiskFull&) {
        throw;
      } catch (const Error& error) {
        fail(made->ready.task, error);
      }
    }
  }

  // What happens to some of them.

  void edit(BatchModel& model, std::vector<ReadyTask> tasks) {
    const AlikeKey key = tasks.front().alike();
    const std::size_t count = tasks.size();
    const Clock::time_point begin = Clock::now();
    std::vector<Image> pictures;
    try {
      pictures = model.edit(tasks);
    } catch (const OutOfMemory& error) {
      if (count == 1) return fail(tasks.front().task, error);
      if (sizes_.ran_out(key, count))
        log::warn(text(error.what(), "; going on with ", count / 2, " at once"));
      return edit_in_halves(model, std::move(tasks));
    } catch (const Error& error) {
      if (count == 1) return fail(tasks.front().task, error);
      return edit_in_halves(model, std::move(tasks));  // to find out which one it is about
    }
    const double took_s = seconds_since(begin);
    sizes_.took(key, count, took_s);
    for (std::size_t i = 0; i < count; ++i)
      to_write_.push({.ready = std::move(tasks[i]),
                      .picture = std::move(pictures[i]),
                      .edit_s = took_s / static_cast<double>(count),
                      .together = count});
  }

  void edit_in_halves(BatchModel& model, std::vector<ReadyTask> tasks) {
    const auto middle = tasks.begin() + static_cast<std::ptrdiff_t>(tasks.size() / 2);
    std::vector<ReadyTask> second(std::make_move_iterator(middle),
                                  std::make_move_iterator(tasks.end()));
    tasks.erase(middle, tasks.end());
    edit(model, std::move(tasks));
    edit(model, std::move(second));
  }

  void fail(const BatchTask& task, const Error& error) {
    finish(task, work_.failed(task, error), true);
  }

  void finish(const BatchTask& task, const nlohmann::ordered_json& result, bool failed) {
    const std::lock_guard lock(finished_);
    ++(failed ? counts_.failed : counts_.done);
    if (observe_) observe_({.task = task, .result = result, .failed = failed});
    if (rules_.max_failures > 0 && counts_.failed >= rules_.max_failures) too_many_ = true;
  }

  // What keeps a run together.

  [[nodiscard]] bool stopping() const { return broken_ || too_many_ || (stop_ && stop_()); }

  void drop_what_waits() {
    to_read_.abandon();
    room_.abandon();
  }

  /// Runs a stage; what it throws ends the run, and what was edited by then is still written.
  /// Whether it threw nothing.
  template <class Work>
  bool guarded(Work work) {
    try {
      work();
      return true;
    } catch (...) {
      {
        const std::lock_guard lock(finished_);
        if (!failure_) failure_ = std::current_exception();
      }
      broken_ = true;
      drop_what_waits();
      return false;
    }
  }

  const NextTask& next_;
  const std::span<const std::unique_ptr<BatchModel>> models_;
  const EngineRules& rules_;
  ResultsLog& log_;
  const std::function<void(const BatchEvent&)>& observe_;
  const std::function<bool()>& stop_;

  TaskWork work_;
  BatchSizes sizes_;
  BoundedQueue<BatchTask> to_read_;
  WaitingRoom room_;
  BoundedQueue<MadeTask> to_write_;

  std::mutex finished_;
  BatchCounts counts_;
  std::exception_ptr failure_;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> too_many_ = false;
};

}  // namespace

BatchCounts run_batch(const NextTask& next, std::span<const std::unique_ptr<BatchModel>> models,
                      const EngineRules& rules, ResultsLog& log,
                      const std::function<void(const BatchEvent&)>& observe,
                      const std::function<bool()>& stop) {
  return Engine(next, models, rules, log, observe, stop).run();
}

}  // namespace ip2p
