// read_ahead.h - numbered results made by several threads and handed out in the order of their
// numbers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ip2p {

template <class Result>
class ReadAhead {
 public:
  using Make = std::function<Result(std::uint64_t number)>;

  static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

  /// Makes the results numbered `first` to `end` - 1, at most `capacity` before they are asked for.
  /// `make` is called by several threads at once.
  ReadAhead(Make make, std::uint64_t first, std::uint64_t end, std::size_t threads,
            std::size_t capacity)
      : make_(std::move(make)),
        next_to_make_(first),
        next_to_give_(first),
        end_(end),
        capacity_(capacity) {
    try {
      for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() { stop(); }

  /// Blocks until the next result is there. Rethrows what its making threw, and goes on doing so.
  Result next() {
    std::unique_lock lock(mutex_);
    made_.wait(lock, [this] { return results_.contains(next_to_give_); });
    const auto found = results_.find(next_to_give_);
    if (found->second.failure) std::rethrow_exception(found->second.failure);
    Result result = std::move(found->second.result);
    results_.erase(found);
    ++next_to_give_;
    lock.unlock();
    room_.notify_all();
    return result;
  }

 private:
  struct Made {
    Result result{};
    std::exception_ptr failure;
  };

  [[nodiscard]] bool has_room() const {
    return next_to_make_ < end_ && next_to_make_ - next_to_give_ < capacity_;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [this] { return stopped_ || has_room(); });
      if (stopped_) return;
      const std::uint64_t number = next_to_make_++;
      lock.unlock();
      Made made = make_or_fail(number);
      lock.lock();
      if (made.failure) end_ = 0;  // nobody gets past the failure
      results_.emplace(number, std::move(made));
      made_.notify_all();
    }
  }

  Made make_or_fail(std::uint64_t number) {
    try {
      return {.result = make_(number), .failure = nullptr};
    } catch (...) {
      return {.result = {}, .failure = std::current_exception()};
    }
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopped_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Make make_;
  std::mutex mutex_;
  std::condition_variable made_;
  std::condition_variable room_;
  std::map<std::uint64_t, Made> results_;
  std::uint64_t next_to_make_;
  std::uint64_t next_to_give_;
  std::uint64_t end_;
  std::size_t capacity_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ip2p
