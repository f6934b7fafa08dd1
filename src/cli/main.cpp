// main.cpp - parses the command line, runs one command, and turns whatever is thrown into one line
// and an exit code.
#include <iostream>
#include <new>

#include "ip2p/base/log.h"
#include "ip2p/model/compute_errors.h"
#include "ip2p/version.h"

#include "command.h"
#include "interrupt.h"
#include "parse_errors.h"

namespace ip2p::cli {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  ip2p info\n"
    "  ip2p edit photo.jpg \"make it snow\" -o snowy.jpg\n"
    "`ip2p edit --help` has more.";

Exit run_chosen(const CLI::App& program, std::initializer_list<Command> commands) {
  for (const Command& command : commands)
    if (command.app->parsed()) {
      refuse_leftovers(program);
      const Exit exit = command.run();
      if (!std::cout.flush())
        throw Error(Exit::file, "cannot write to stdout: disk full or pipe closed");
      return exit;
    }
  refuse_leftovers(program);
  throw Error(Exit::usage, "no command was given; `ip2p --help` lists them");
}

int fail(Exit exit, const std::string& sentence) {
  log::error(sentence);
  return static_cast<int>(exit);
}

int run(int argc, char** argv) {
  CLI::App program("Edit pictures by instruction (InstructPix2Pix)", "ip2p");
  program.set_version_flag("--version", "ip2p " IP2P_VERSION);
  const auto commands = {edit_command(program), batch_command(program), regress_command(program),
                         info_command(program), train_command(program)};
  keep_leftovers(program);
  program.footer(examples);
  try {
    program.parse(argc, argv);
    return static_cast<int>(run_chosen(program, commands));
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    return fail(Exit::usage, parse_error_sentence(program, error));
  } catch (const Error& error) {
    return fail(error.exit(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(Exit::device, "memory ran out; a smaller --resolution needs less");
  } catch (const std::exception& error) {
    return fail(Exit::bug,
                text("a fault of ip2p itself: ", first_line(error.what()), "; please report it"));
  }
}

}  // namespace
}  // namespace ip2p::cli

int main(int argc, char** argv) {
  ip2p::cli::catch_signals();
  return ip2p::cli::run(argc, argv);
}
