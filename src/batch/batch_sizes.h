// batch_sizes.h - how many pictures are edited together: as many as pay and fit.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

#include "ip2p/batch/task.h"

namespace ip2p {

/// For each key a size of its own, between threads. Fixed, or "auto": from 1 the size doubles as
/// long as a picture costs clearly less time than at the size before, which is then kept. Memory
/// that ran out caps both, for all keys of one width and height.
class BatchSizes {
 public:
  /// `fixed` 0 is auto; auto never goes beyond `largest`.
  BatchSizes(std::size_t fixed, std::size_t largest) : fixed_(fixed), largest_(largest) {}

  [[nodiscard]] std::size_t limit(const AlikeKey& key);
  /// `count` pictures took `seconds` together.
  void took(const AlikeKey& key, std::size_t count, double seconds);
  /// `count` pictures were too many: from now on half of them. True the first time that is said of
  /// this size.
  bool ran_out(const AlikeKey& key, std::size_t count);

 private:
  struct State {
    std::size_t size = 1;
    bool settled = false;
    std::size_t runs = 0;        ///< of full size, beyond the first, which warms up
    double best_s = 0;           ///< the least time of a full run at this size
    double previous_each_s = 0;  ///< the least time a picture at half this size; 0: none
  };

  using Side = std::pair<int, int>;  ///< model width and height

  State& state(const AlikeKey& key);
  [[nodiscard]] std::size_t cap(const AlikeKey& key) const;

  const std::size_t fixed_;
  const std::size_t largest_;
  std::mutex mutex_;
  std::map<AlikeKey, State> states_;
  std::map<Side, std::size_t> caps_;
};

}  // namespace ip2p
