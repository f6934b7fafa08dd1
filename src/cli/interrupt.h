// interrupt.h - SIGINT and SIGTERM as an error, so that the program ends as after any other:
// cleanly.
#pragma once

namespace ip2p::cli {

/// The first signal only sets a flag; a second one ends the process at once.
void catch_signals();

/// Throws Error{interrupted} once a signal came.
void stop_if_interrupted();

}  // namespace ip2p::cli
