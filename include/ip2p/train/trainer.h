// trainer.h - the training loop: batches, loss, gradients, weights, average; checkpoints and looks
// at the held-out examples in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

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

/// How a run is watched and stopped. Every function may be empty.
struct TrainObserver {
  /// Told after every optimizer step.
  std::function<void(const TrainStep&)> step;
  /// Told how far something else that takes long is: "encoding pictures", 12 of 400.
  std::function<void(std::string_view doing, std::size_t done, std::size_t all)> busy;
  /// Asked often; answers whether to stop. When one of several processes is to stop, all of them do
  /// after the next step: none waits for another that has left.
  std::function<bool()> stopping;
};

/// Which averaged weights are meant: those of the latest step, or of the least held-out loss.
enum class Which { latest, best };

/// One process's part in a run. Several processes (collective.h) hold the same weights.
class Trainer {
 public:
  /// Reads the lists of examples, loads the bundle, and the latest checkpoint of config.output if
  /// there is one. Error{usage}, {file}, {model}, {device}.
  explicit Trainer(const TrainConfig& config);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  ~Trainer();

  /// The optimizer steps from which the same command would go on.
  [[nodiscard]] std::int64_t saved() const;

  /// Whether this is the process that writes (rank 0).
  [[nodiscard]] bool writes() const;

  /// Trains from where it stands to config.steps, or until it is to stop; either way it ends with a
  /// checkpoint. False when it was stopped. Error{no} when the loss or the gradients are not
  /// finite: the weights of the checkpoint then are good.
  [[nodiscard]] bool run(const TrainObserver& observe);

  /// Writes a bundle with the averaged weights in "float32" or "float16". The last call: those of
  /// the best checkpoint take the place of the latest. Process 0 only. Error{file} when there is no
  /// best checkpoint.
  void write_bundle(const fs::path& folder, const std::string& dtype, Which which);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ip2p
