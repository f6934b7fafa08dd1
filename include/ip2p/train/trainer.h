// trainer.h - the training loop: batches, loss, gradients, weights, average; checkpoints and looks
// at the held-out examples in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ip2p/train/config.h"

namespace ip2p {

/// What one optimizer step came to.
struct TrainStep {
  std::int64_t step = 0;   ///< from 1, as it stands in the log and in checkpoints
  std::int64_t steps = 0;  ///< of the whole run
  double loss = 0;         ///< mean over its batches and processes
  double gradient_norm = 0;
  double rate = 0;
  double seconds = 0;
};

/// Told after every optimizer step, and answers whether to go on. When one of several processes
/// answers no, all of them stop after the next step: none waits for another that has left.
using TrainObserver = std::function<bool(const TrainStep&)>;

/// One process's part in a run. Several processes (collective.h) hold the same weights.
class Trainer {
 public:
  /// Loads the bundle, the examples, and the latest checkpoint of config.output if there is one.
  /// Error{usage}, {file}, {model}, {device}.
  explicit Trainer(const TrainConfig& config);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  ~Trainer();

  /// The optimizer steps that are done, of this and earlier runs.
  [[nodiscard]] std::int64_t done() const;

  /// Whether this is the process that writes (rank 0).
  [[nodiscard]] bool writes() const;

  /// Trains from where it stands to config.steps, or until the observer says no; either way it ends
  /// with a checkpoint.
  void run(const TrainObserver& observe);

  /// Writes a bundle with the averaged weights in "float32" or "float16". Process 0 only.
  void write_bundle(const fs::path& folder, const std::string& dtype) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
