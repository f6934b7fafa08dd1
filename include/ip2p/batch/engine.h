// engine.h - the pipeline of a batch: read, edit, write, each in threads of its own, with a bounded
// number of pictures between them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/batch/results_log.h"
#include "ip2p/batch/task.h"
#include "ip2p/image/read.h"

namespace ip2p {

/// What edits pictures on one device, or in tests stands for it. Called by one thread.
class BatchModel {
 public:
  virtual ~BatchModel() = default;
  /// Tasks with equal keys; one picture each, in order, of the model's size. OutOfMemory: fewer at
  /// once may do. Any other Error is about one of the tasks, or all.
  virtual std::vector<Image> edit(std::span<const ReadyTask> tasks) = 0;
};

struct EngineRules {
  Manifest manifest;   ///< of the models' bundle
  std::string device;  ///< as records name it: "cpu", "cuda"
  std::string dtype;
  ReadLimits limits;
  std::size_t readers = 2;         ///< threads
  std::size_t writers = 1;         ///< threads
  std::size_t batch_size = 0;      ///< 0: auto
  std::size_t largest_batch = 8;   ///< of auto
  std::uint64_t retries = 0;       ///< of reading and writing an item
  std::uint64_t max_failures = 0;  ///< the run stops at so many; 0: never
  bool strip = false;              ///< neither record nor EXIF in the outputs
  bool overwrite = false;
  fs::path folder;  ///< of the outputs; none may lie outside, unless
  bool allow_outside = false;
};

/// What became of an item, told as it happens, one at a time.
struct BatchEvent {
  const BatchTask& task;
  const nlohmann::ordered_json& result;  ///< the line of results.jsonl
  bool failed;
};

struct BatchCounts {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  bool stopped = false;  ///< asked to, or by too many failures: not everything was tried
};

/// Whether the run is to end.
using StopCheck = std::function<bool()>;

/// The next task, or nullopt at the end. Called by one thread; one that waits for its tasks ends
/// when `stopping` says so. What it throws ends the run: what is being edited is still written.
using NextTask = std::function<std::optional<BatchTask>(const StopCheck& stopping)>;

/// Runs until `next` ends or `stop` says so (then what is being edited is still finished and
/// written). A thread for each model. A task that fails is logged with its sentence and the run
/// goes on; for what is in an output's way it is not logged, so the next run tries it again.
/// Rethrows what the log throws, for nothing may happen that cannot be recorded, and DiskFull,
/// which every other task would meet: its task is not logged either.
BatchCounts run_batch(const NextTask& next, std::span<const std::unique_ptr<BatchModel>> models,
                      const EngineRules& rules, ResultsLog& log,
                      const std::function<void(const BatchEvent&)>& observe, const StopCheck& stop);

}  // namespace ip2p
