// regress_commands.h - the parts of `ip2p regress`.
#pragma once

#include "command.h"

namespace ip2p::cli {

Command regress_approve_command(CLI::App& regress);
Command regress_calibrate_command(CLI::App& regress);
Command regress_compare_command(CLI::App& regress);
Command regress_init_command(CLI::App& regress);
Command regress_run_command(CLI::App& regress);

}  // namespace ip2p::cli
