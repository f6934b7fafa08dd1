// waiting_room.cpp - who is taken next.
#include "waiting_room.h"

#include <algorithm>
#include <utility>

namespace ip2p {

void WaitingRoom::expect() {
  const std::lock_guard lock(mutex_);
  ++expected_;
}

void WaitingRoom::excuse() {
  const std::lock_guard lock(mutex_);
  --expected_;
  arrived_.notify_all();
}

bool WaitingRoom::add(ReadyTask task) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return abandoned_ || waiting_ < capacity_; });
  if (abandoned_) return false;
  Group& group = groups_[task.alike()];
  if (group.tasks.empty()) group.since = arrivals_;
  ++arrivals_;
  group.tasks.push_back(std::move(task));
  ++waiting_;
  --expected_;
  arrived_.notify_all();
  return true;
}

void WaitingRoom::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  arrived_.notify_all();
}

void WaitingRoom::abandon() {
  const std::lock_guard lock(mutex_);
  closed_ = abandoned_ = true;
  groups_.clear();
  waiting_ = 0;
  room_.notify_all();
  arrived_.notify_all();
}

/// The group to take from now; the end when it is better to wait.
WaitingRoom::Groups::iterator WaitingRoom::choose(
    const std::function<std::size_t(const AlikeKey&)>& limit) {
  auto best = groups_.end();
  bool best_full = false;
  for (auto group = groups_.begin(); group != groups_.end(); ++group) {
    const bool full = group->second.tasks.size() >= limit(group->first);
    const auto better = [&] {
      if (best == groups_.end()) return true;
      if (full != best_full) return full;
      if (!full && group->second.tasks.size() != best->second.tasks.size())
        return group->second.tasks.size() > best->second.tasks.size();
      return group->second.since < best->second.since;
    };
    if (!better()) continue;
    best = group;
    best_full = full;
  }
  const bool wait = !best_full && !closed_ && expected_ > 0 && waiting_ < capacity_;
  return wait ? groups_.end() : best;
}

std::vector<ReadyTask> WaitingRoom::take(const std::function<std::size_t(const AlikeKey&)>& limit) {
  std::unique_lock lock(mutex_);
  auto chosen = groups_.end();
  arrived_.wait(lock, [&] {
    chosen = choose(limit);
    return chosen != groups_.end() || abandoned_ || (closed_ && waiting_ == 0 && expected_ == 0);
  });
  std::vector<ReadyTask> taken;
  if (chosen == groups_.end()) return taken;
  std::deque<ReadyTask>& tasks = chosen->second.tasks;
  const std::size_t count = std::min(tasks.size(), limit(chosen->first));
  std::move(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(count),
            std::back_inserter(taken));
  tasks.erase(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(count));
  waiting_ -= count;
  if (tasks.empty())
    groups_.erase(chosen);
  else
    chosen->second.since = arrivals_;
  room_.notify_all();
  return taken;
}

}  // namespace ip2p
