// interrupt.cpp - the flag that the handler sets; a handler may touch nothing else.
#include "interrupt.h"

#include <csignal>

#include "ip2p/base/error.h"

namespace ip2p::cli {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void remember_signal(int /*signal*/) {
  caught = 1;
}

}  // namespace

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = remember_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return caught != 0;
}

void stop_if_interrupted(std::size_t done, std::size_t all) {
  if (caught != 0)
    throw Error(Exit::interrupted,
                text("interrupted; ", done, " of ", all, " pictures were written"));
}

}  // namespace ip2p::cli
