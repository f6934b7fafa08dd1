// batch_plan.h - which examples batch n is made of, and of what size it is: arithmetic alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ip2p/train/config.h"
#include "ip2p/train/draw.h"
#include "ip2p/train/example.h"

namespace ip2p {

/// The crop rules of a config: its own, or whole squares when it has none.
std::vector<CropRule> crop_rules(const TrainConfig& config);

/// The examples that the rules can show: without a rule of whole squares those that are no `whole`,
/// and with `warns` a warning that counts the others. Error{file} when none are left.
std::vector<Example> usable_examples(const TrainConfig& config, std::vector<Example> examples,
                                     bool warns = true);

class BatchPlan {
 public:
  /// One batch of the endless list.
  struct Batch {
    std::int64_t pixels = 0;
    std::uint64_t items = 0;
    bool whole = false;  ///< of whole squares
    /// Of its first item of each kind, in the list of the examples of that kind.
    std::array<std::uint64_t, 2> positions{};
  };

  BatchPlan(const TrainConfig& config, const std::vector<Example>& examples);

  [[nodiscard]] Batch batch(std::uint64_t number) const;

  /// The number of the example that stands at an item of a batch. Examples of a kind come in
  /// rounds, each once a round. Where there are both kinds and crops that only one of them may be
  /// seen in, every second item of a whole square's batch is of the other kind: it is seen nowhere
  /// else, and would be seen too rarely.
  [[nodiscard]] std::size_t example(const Batch& batch, const Place& place) const;

  /// Another in its place, the first, second, ... attempt. nullopt after so many that hardly any
  /// example can be whole.
  [[nodiscard]] std::optional<std::size_t> substitute(const Batch& batch, const Place& place,
                                                      std::uint64_t attempt) const;

 private:
  /// The examples that some items draw from.
  struct Pool {
    std::vector<std::size_t> examples;
    std::uint64_t seed = 0;
    std::uint64_t items_a_turn = 0;
  };

  [[nodiscard]] bool two_kinds() const { return !pools_[1].examples.empty(); }
  [[nodiscard]] std::size_t pool_of(const Batch& batch, std::uint64_t item) const {
    return two_kinds() && batch.whole && item % 2 == 0 ? 1 : 0;
  }

  // [1] holds the examples that must be seen whole, where others may be seen cropped; [0] the rest
  std::array<Pool, 2> pools_;
  std::vector<Batch> turn_;  // the batches of one turn; positions are those of turn 0
};

}  // namespace ip2p
