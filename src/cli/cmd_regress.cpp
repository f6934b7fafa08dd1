// cmd_regress.cpp - pictures against approved ones: one command with several of its own.
#include <vector>

#include "regress_commands.h"

namespace ip2p::cli {

Command regress_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand("regress", "Notice when edits change");
  const std::vector<Command> parts{regress_init_command(*app), regress_run_command(*app),
                                   regress_approve_command(*app), regress_calibrate_command(*app),
                                   regress_compare_command(*app)};
  return {app, [parts] {
            for (const Command& part : parts)
              if (part.app->parsed()) return part.run();
            throw Error(Exit::usage, "no command was given; `ip2p regress --help` lists them");
          }};
}

}  // namespace ip2p::cli
