// validation.h - the averaged weights: what a run is judged by, on examples it never learns from,
// and what it leaves behind.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/edit/editor.h"
#include "ip2p/image/image.h"
#include "ip2p/train/batches.h"
#include "ip2p/train/config.h"
#include "ip2p/train/example.h"

#include "learner.h"

namespace ip2p {

class AveragedModel {
 public:
  /// Has weights of its own for what `learning` trains, and shares the rest with it.
  AveragedModel(const Learner& learning, const TrainConfig& config);

  /// By the learner's names; the model's own: writing into them changes it.
  [[nodiscard]] const NamedTensors& weights() const { return loss_.parameters(); }

  /// Gets ready for the two functions below: encodes the pictures of at most 64 of the examples. A
  /// picture that cannot be read is passed over with a warning, more than 1 % are Error{file}.
  void hold_out(const std::vector<Example>& examples, const LatentGrid& grid,
                const EncodePixels& encode, const ReadingWatch& watch);

  /// The loss of the plain objective: uniform timesteps, nothing dropped, float32.
  [[nodiscard]] double held_out_loss(const StepObserver& before);

  /// Rows of (input, edit with the bundle's defaults and seed 0, edited picture of the example),
  /// one an example, as many as a JPEG holds. Pictures are shown as the model sees them: squares of
  /// `resolution` pixels. Empty when no example can be read.
  [[nodiscard]] std::optional<Image> contact_sheet(const StepObserver& step);

  /// Writes a bundle in "float32" or "float16".
  void write(const fs::path& folder, const std::string& dtype) const;

 private:
  TrainConfig config_;
  Bundle bundle_;
  Learner loss_;  ///< the same weights
  std::vector<Batch> batches_;
  std::optional<Editor> editor_;  ///< the same weights
  std::vector<Example> shown_;    ///< of the contact sheet
};

/// `count` examples spread evenly over `all`, fewer when there are fewer.
std::vector<Example> spread(const std::vector<Example>& all, std::int64_t count);

/// How many rows of this height a picture of the contact sheet's format holds.
std::int64_t most_rows(std::int64_t resolution);

}  // namespace ip2p
