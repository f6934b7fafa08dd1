// engine.cpp - follow a task: next, read, edit, write, log.
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
#include "ip2p/edit/record.h"
#include "ip2p/edit/result.h"
#include "ip2p/image/content.h"
#include "ip2p/image/read.h"
#include "ip2p/version.h"

#include "batch_sizes.h"
#include "output_check.h"
#include "waiting_room.h"

namespace ip2p {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

// Between tries of a file.
constexpr Clock::duration first_pause = std::chrono::milliseconds(200);
constexpr Clock::duration longest_pause = std::chrono::seconds(5);
constexpr Clock::duration stop_check_every = std::chrono::milliseconds(20);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The kind of a failure, for the summary: what the exit code would have been.
std::string_view kind_of(Exit exit) {
  switch (exit) {
    case Exit::usage:
      return "usage";
    case Exit::file:
      return "file";
    case Exit::model:
      return "model";
    case Exit::device:
      return "device";
    default:
      return "bug";
  }
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
        room_.add(read(*task));
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
        write(*made);
      } catch (const LogFailed&) {
        throw;
      } catch (const DiskFull&) {
        throw;
      } catch (const Error& error) {
        fail(made->ready.task, error);
      }
    }
  }

  // What happens to one task.

  ReadyTask read(const BatchTask& task) {
    const Clock::time_point begin = Clock::now();
    check_is_free(task);
    const std::string name = text(task.item.input);
    const Bytes bytes =
        with_retries([&] { return read_file(task.item.input, max_file_bytes(rules_.limits)); });
    ReadyTask ready{.task = task, .input = {}, .input_hash = sha256_of(bytes)};
    warn_if_mislabelled(task.item.input, picture_format({bytes, name, rules_.limits}));
    const Image image = decode_image(bytes, name, rules_.limits);
    const FitRule rule = fit_rule(task.request.options, rules_.manifest);
    const FitSizes sizes = fit_sizes({image.width, image.height}, rule);
    check_storable(task.format, sizes.output.width, sizes.output.height);
    ready.input = fit(image, rule);
    ready.read_s = seconds_since(begin);
    return ready;
  }

  /// Before an edit, to fail in time; the write looks again.
  void check_is_free(const BatchTask& task) const {
    std::error_code unknown;
    if (!fs::exists(task.path, unknown)) return;
    if (fs::equivalent(task.path, task.item.input, unknown))
      throw Obstacle(text("the output ", task.path,
                          " is its own input; give another output folder or --template"));
    if (!rules_.overwrite && !task.replaces)
      throw Obstacle(text(task.path, ' ', task.in_the_way, "; give --overwrite to replace it"));
  }

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

  void write(const MadeTask& made) {
    const Clock::time_point begin = Clock::now();
    const BatchTask& task = made.ready.task;
    const EditRecord record = record_of(made.ready);
    Image picture = restore(made.picture, made.ready.input);
    const Bytes bytes = encode_image(std::move(picture),
                                     {.format = task.format,
                                      .quality = static_cast<int>(*task.request.options.quality),
                                      .record = rules_.strip ? "" : record.to_json(),
                                      .keep_metadata = !rules_.strip});
    Json result = result_json(task.output, record, made.ready.input.sizes);
    result["status"] = "done";
    result["input"] = task.item.input.string();  // its bytes; a record inside a picture is text
    result["together"] = made.together;
    result["seconds"] = {
        {"read", made.ready.read_s}, {"edit", made.edit_s}, {"write", seconds_since(begin)}};
    recorded([&] { log_.begin_write(task.fingerprint, result, sha256_of(bytes)); });
    with_retries([&] {
      make_folder_of(task.path);
      if (!rules_.allow_outside) check_is_below(rules_.folder, task.path);
      write_atomically(task.path, bytes,
                       rules_.overwrite || task.replaces ? Existing::replace : Existing::keep);
      return true;
    });
    result["seconds"]["write"] = seconds_since(begin);
    recorded([&] { log_.done(task.fingerprint, result); });
    finish(task, result, false);
  }

  [[nodiscard]] EditRecord record_of(const ReadyTask& ready) const {
    return {.request = ready.task.request,
            .input = ready.task.item.input.string(),
            .input_hash = ready.input_hash,
            .bundle = rules_.manifest.name,
            .bundle_hash = rules_.manifest.sha256,
            .device = rules_.device,
            .dtype = rules_.dtype,
            .version = IP2P_VERSION};
  }

  void fail(const BatchTask& task, const Error& error) {
    Json result{{"output", task.output},
                {"status", "failed"},
                {"kind", kind_of(error.exit())},
                {"error", error.what()},
                {"instruction", task.request.instruction},
                {"input", task.item.input.string()},
                {"bundle", rules_.manifest.name},
                {"bundle_hash", rules_.manifest.sha256}};
    result.update(options_to_json(task.request.options));
    // What is in an output's way says nothing of the request, and the log may know who made it.
    if (dynamic_cast<const Obstacle*>(&error) == nullptr)
      recorded([&] { log_.failed(task.fingerprint, result); });
    finish(task, result, true);
  }

  void finish(const BatchTask& task, const Json& result, bool failed) {
    flush_now_and_then();
    const std::lock_guard lock(finished_);
    ++(failed ? counts_.failed : counts_.done);
    if (observe_) observe_({.task = task, .result = result, .failed = failed});
    if (rules_.max_failures > 0 && counts_.failed >= rules_.max_failures) too_many_ = true;
  }

  /// So that a crash of the machine takes no more than seconds of the log along.
  void flush_now_and_then() {
    constexpr std::int64_t every_s = 5;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
    std::int64_t last = flushed_s_;
    if (now - last < every_s || !flushed_s_.compare_exchange_strong(last, now)) return;
    recorded([&] { log_.flush(); });
  }

  // What keeps a run together.

  /// The log could not be written: no item's failure, but the run's end.
  struct LogFailed : Error {
    using Error::Error;
  };

  template <class Write>
  void recorded(Write write) {
    try {
      write();
    } catch (const Error& error) {
      throw LogFailed(error.exit(), error.what());
    }
  }

  /// Files may come back: a network folder that is away for a moment. Nothing else is tried again.
  template <class Work>
  auto with_retries(Work work) -> decltype(work()) {
    auto pause = first_pause;
    for (std::uint64_t tried = 0;; ++tried) {
      try {
        return work();
      } catch (const Error& error) {
        if (error.exit() != Exit::file || tried >= rules_.retries || stopping()) throw;
      }
      for (const Clock::time_point end = Clock::now() + pause; Clock::now() < end && !stopping();)
        std::this_thread::sleep_for(stop_check_every);
      pause = std::min(2 * pause, longest_pause);
    }
  }

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

  BatchSizes sizes_;
  BoundedQueue<BatchTask> to_read_;
  WaitingRoom room_;
  BoundedQueue<MadeTask> to_write_;

  std::mutex finished_;
  BatchCounts counts_;
  std::exception_ptr failure_;
  std::atomic<std::int64_t> flushed_s_ = 0;
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
