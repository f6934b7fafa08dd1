// damage.cpp - one in a hundred is the world as it is, more is a mistake of somebody's.
#include "damage.h"

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {

bool Damage::has(std::size_t example) const {
  const std::scoped_lock lock(mutex_);
  return is_damaged_[example];
}

void Damage::add(std::size_t example, const std::string& why) {
  const std::scoped_lock lock(mutex_);
  if (is_damaged_[example]) return;
  is_damaged_[example] = true;
  if (++count_ == 1) first_ = why;
  check(count_, first_);
  if (warns_) log::warn(text("an example is left out: ", why));
}

void Damage::check(std::size_t count, const std::string& first) const {
  if (count * 100 <= listed_) return;
  throw Error(Exit::file, text("at least ", count, " of ", listed_,
                               " examples cannot be used, more than 1 %; the first: ", first,
                               "; repair them or take them from the list"));
}

std::size_t Damage::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

}  // namespace ip2p
