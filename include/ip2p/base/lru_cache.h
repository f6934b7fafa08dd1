// lru_cache.h - the last few values that were asked for, by key.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace ip2p {

/// Keeps at most `capacity` values; the one that was not asked for longest goes first.
template <class Value>
class LruCache {
 public:
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  /// The value of that key, made by `make` when it is not here.
  template <class Make>
  const Value& get(const std::string& key, Make make) {
    if (const auto found = places_.find(key); found != places_.end()) {
      values_.splice(values_.begin(), values_, found->second);
      return values_.front().second;
    }
    Value value = make();  // may throw: then nothing has changed
    if (values_.size() == capacity_) {
      places_.erase(values_.back().first);
      values_.pop_back();
    }
    values_.emplace_front(key, std::move(value));
    places_[key] = values_.begin();
    return values_.front().second;
  }

 private:
  using Values = std::list<std::pair<std::string, Value>>;

  std::size_t capacity_;
  Values values_;  ///< the latest first
  std::unordered_map<std::string, typename Values::iterator> places_;
};

}  // namespace ip2p
