// main.cpp - parses the command line, runs one command, and turns whatever is thrown into one line
// and an exit code.
#include <iostream>
#include <new>

#include "ip2p/base/log.h"
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

/// libtorch's messages carry a stack trace below their first line.
std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

int fail(Exit exit, const std::string& sentence) {
  log::error(sentence);
  return static_cast<int>(exit);
}

int run(int argc, char** argv) {
  CLI::App program("Edit pictures by instruction (InstructPix2Pix)", "ip2p");
  program.set_version_flag("--version", "ip2p " IP2P_VERSION);
  const auto commands = {edit_command(program), info_command(program), train_command(program)};
  keep_leftovers(program);
  program.footer(examples);
