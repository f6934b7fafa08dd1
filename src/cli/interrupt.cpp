// interrupt.cpp - the flag that the handler sets; a handler may touch nothing else.
#include "interrupt.h"

#include <atomic>
#include <csignal>
#include <cstring>

#include <unistd.h>

#include "ip2p/base/error.h"

namespace ip2p::cli {
namespace {

std::atomic<bool> caught = false;
std::atomic<const char*> announcement = nullptr;
static_assert(std::atomic<bool>::is_always_lock_free &&
              std::atomic<const char*>::is_always_lock_free);

extern "C" void remember_signal(int /*signal*/) {
  // Whichever signal the second one is: the first process of a container has no default action.
  if (caught.exchange(true)) ::_exit(static_cast<int>(Exit::interrupted));
  const char* const words = announcement.load();
  if (words == nullptr) return;
  const ssize_t ignored = ::write(STDERR_FILENO, words, std::strlen(words));
  (void)ignored;
}

}  // namespace

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = remember_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void announce_interrupt(const char* words) {
  announcement = words;
}

bool interrupted() {
  return caught;
}

void stop_if_interrupted(std::size_t done, std::size_t all) {
  if (caught)
    throw Error(Exit::interrupted,
                text("interrupted; ", done, " of ", all, " pictures were written"));
}

}  // namespace ip2p::cli
