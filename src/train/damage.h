// damage.h - examples that cannot be used: named once, counted, and too many of them an error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace ip2p {

/// Safe to use from several threads.
class Damage {
 public:
  /// Where the examples were chosen from a longer list, `listed` of them, the share is that of the
  /// list. One of several processes that all find the same `warns`.
  explicit Damage(std::size_t examples, std::size_t listed = 0, bool warns = true)
      : is_damaged_(examples), listed_(std::max(examples, listed)), warns_(warns) {}

  [[nodiscard]] bool has(std::size_t example) const;

  /// Counts and warns, unless it is known already. `why` is a sentence. Error{file} when these are
  /// too many.
  void add(std::size_t example, const std::string& why);

  /// Error{file} when `count` is more than 1 % of the examples. `first` is the sentence of one.
  void check(std::size_t count, const std::string& first) const;

  [[nodiscard]] std::size_t count() const;

 private:
  mutable std::mutex mutex_;
  std::vector<bool> is_damaged_;
  std::size_t listed_;
  bool warns_;
  std::size_t count_ = 0;
  std::string first_;
};

}  // namespace ip2p
