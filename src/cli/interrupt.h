// interrupt.h - SIGINT and SIGTERM as an error, so that the program ends as after any other:
// cleanly.
#pragma once

#include <cstddef>

namespace ip2p::cli {

/// The first signal only sets a flag; a second one ends the process at once. A closed pipe is an
/// error of the write, not a signal.
void catch_signals();

/// Words, a literal, that the first signal writes to stderr at once, for work that takes a while to
/// end.
void announce_interrupt(const char* words);

/// Whether a signal came.
bool interrupted();

/// Throws Error{interrupted} once a signal came; the sentence says that `done` of `all` pictures
/// were written.
void stop_if_interrupted(std::size_t done, std::size_t all);

}  // namespace ip2p::cli
