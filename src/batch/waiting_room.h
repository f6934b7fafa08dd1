// waiting_room.h - pictures that were read, sorted into groups that can be edited together.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "ip2p/batch/task.h"

namespace ip2p {

/// Holds at most `capacity` tasks. Readers add, devices take.
class WaitingRoom {
 public:
  explicit WaitingRoom(std::size_t capacity) : capacity_(capacity) {}

  /// A task is on its way here. While any is, a device waits for its group to fill; when none is,
  /// it takes what there is: nobody who writes one line to stdin waits for the next.
  void expect();
  /// One that was expected does not come.
  void excuse();
  /// Waits while the room is full. False when it was abandoned: the task is dropped.
  bool add(ReadyTask task);
  /// No more are expected, ever.
  void close();
  /// Drops everything and lets everybody go.
  void abandon();

  /// At most `limit` of the key's tasks, in the order in which they came: of a full group, else,
  /// when there is no room or nothing on its way, of the largest, the oldest first. Waits; empty
  /// when there is nothing and nothing will come.
  std::vector<ReadyTask> take(const std::function<std::size_t(const AlikeKey&)>& limit);

 private:
  struct Group {
    std::deque<ReadyTask> tasks;
    std::uint64_t since = 0;  ///< number of the arrival of the first
  };
  using Groups = std::map<AlikeKey, Group>;

  Groups::iterator choose(const std::function<std::size_t(const AlikeKey&)>& limit);

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable arrived_;
  Groups groups_;
  std::size_t waiting_ = 0;
  std::size_t expected_ = 0;
  std::uint64_t arrivals_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;
};

}  // namespace ip2p
