// task_work.h - what is done for one task beside the edit itself: read, written, logged.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"
#include "ip2p/batch/engine.h"
#include "ip2p/batch/results_log.h"
#include "ip2p/batch/task.h"
#include "ip2p/edit/record.h"

namespace ip2p {

/// The log could not be written: no task's failure, but the run's end.
struct LogFailed : Error {
  using Error::Error;
};

/// Every function may be called by several threads.
class TaskWork {
 public:
  using Json = nlohmann::ordered_json;

  /// `stopping` ends the waiting between tries of a file.
  TaskWork(const EngineRules& rules, ResultsLog& log, StopCheck stopping)
      : rules_(rules), log_(log), stopping_(std::move(stopping)) {}

  /// Reads, decodes and fits the input. Obstacle when something is in the output's way; Error about
  /// the input.
  [[nodiscard]] ReadyTask read(const BatchTask& task) const;
  /// Encodes the picture, moves it into place and logs it; the line of the log. Obstacle, DiskFull,
  /// LogFailed; Error about the output.
  Json write(const MadeTask& made);
  /// Logs a failure; the line of the log. LogFailed.
  Json failed(const BatchTask& task, const Error& error);

 private:
  void check_is_free(const BatchTask& task) const;
  [[nodiscard]] EditRecord record_of(const ReadyTask& ready) const;
  void flush_now_and_then();
  template <class Write>
  void recorded(Write write);
  template <class Work>
  auto with_retries(Work work) const -> decltype(work());

  const EngineRules& rules_;
  ResultsLog& log_;
  StopCheck stopping_;
  std::atomic<std::int64_t> flushed_s_ = 0;
};

}  // namespace ip2p
