// batch_sizes.cpp - growing while it pays.
#include "batch_sizes.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace ip2p {
namespace {

constexpr std::size_t runs_a_size = 2;  ///< that are timed before a size is judged
constexpr double worth_it = 0.93;       ///< a picture must get cheaper by this factor
/// Sizes and options that are met once each must not fill the memory: beyond this many keys are
/// forgotten.
constexpr std::size_t most_keys = 4096;

}  // namespace

BatchSizes::State& BatchSizes::state(const AlikeKey& key) {
  if (states_.size() >= most_keys && !states_.contains(key)) states_.clear();
  State& state = states_[key];
  if (fixed_ > 0 && !state.settled) {
    state.size = fixed_;
    state.settled = true;
  }
  return state;
}

std::size_t BatchSizes::cap(const AlikeKey& key) const {
  const auto found = caps_.find({std::get<0>(key), std::get<1>(key)});
  return found == caps_.end() ? std::numeric_limits<std::size_t>::max() : found->second;
}

std::size_t BatchSizes::limit(const AlikeKey& key) {
  const std::lock_guard lock(mutex_);
  return std::min(state(key).size, cap(key));
}

void BatchSizes::took(const AlikeKey& key, std::size_t count, double seconds) {
  const std::lock_guard lock(mutex_);
  State& now = state(key);
  if (now.settled || count != now.size) return;
  // The first run of a size pays for memory and kernels that later ones find ready.
  if (now.runs++ == 0) return;
  now.best_s = now.runs == 2 ? seconds : std::min(now.best_s, seconds);
  if (now.runs <= runs_a_size) return;

  const double each_s = now.best_s / static_cast<double>(now.size);
  const bool paid = now.previous_each_s == 0 || each_s < worth_it * now.previous_each_s;
  if (!paid) now.size /= 2;
  const std::size_t next = now.size * 2;
  if (!paid || next > largest_ || next > cap(key)) {
    now.settled = true;
    return;
  }
  now = {.size = next, .previous_each_s = each_s};
}

bool BatchSizes::ran_out(const AlikeKey& key, std::size_t count) {
  const std::lock_guard lock(mutex_);
  const std::size_t fewer = std::max<std::size_t>(1, count / 2);
  if (fewer >= cap(key)) return false;
  caps_[{std::get<0>(key), std::get<1>(key)}] = fewer;
  return true;
}

}  // namespace ip2p
