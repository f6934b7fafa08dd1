// command.h - the shape of a command: it adds itself to the program, and runs when it was chosen.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "ip2p/base/error.h"

namespace ip2p::cli {

/// Adds a subcommand with its flags. What the returned function does is the command; it is called
/// after the command line was parsed and this subcommand was chosen.
struct Command {
  CLI::App* app;
  std::function<Exit()> run;
};

Command batch_command(CLI::App& program);
Command edit_command(CLI::App& program);
Command info_command(CLI::App& program);
Command regress_command(CLI::App& program);
Command train_command(CLI::App& program);

}  // namespace ip2p::cli
