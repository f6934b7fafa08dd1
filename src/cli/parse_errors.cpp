// parse_errors.cpp - the parser finds what is wrong; the sentences are made here.
#include "parse_errors.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "ip2p/base/error.h"

namespace ip2p::cli {
namespace {

/// How many letters must be put in, left out, exchanged or swapped with their neighbour to make `b`
/// of `a` (optimal string alignment).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, exchanged});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::exchange(last, std::move(row));
  }
  return last.back();
}

/// The command that was chosen of a program or of a command with commands; nullptr: none.
const CLI::App* chosen(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands({}))
    if (command->parsed()) return command;
  return nullptr;
}

/// The command whose words were being read: the last that was chosen, else the program itself.
const CLI::App& current(const CLI::App& program) {
  const CLI::App* const command = chosen(program);
  return command == nullptr ? program : current(*command);
}

/// "ip2p regress compare".
std::string full_name(const CLI::App& app) {
  const CLI::App* const parent = app.get_parent();
  return parent == nullptr ? app.get_name() : text(full_name(*parent), " ", app.get_name());
}

/// "`ip2p edit --help`".
std::string help_of(const CLI::App& app) {
  return text("`", full_name(app), " --help`");
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? "" : text("did you mean ", near, "? ");
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

bool has_commands(const CLI::App& app) {
  return !app.get_subcommands({}).empty();
}

/// What the positionals took: "INPUT is \"in.png\", INSTRUCTION is \"make\"".
std::string taken(const CLI::App& command) {
  std::string all;
  for (const CLI::Option* option : command.get_options())
    if (option->get_positional() && option->count() > 0)
      all += text(all.empty() ? "" : ", ", option->get_name(true), " is \"",
                  option->results().back(), "\"");
  return all;
}

[[noreturn]] void refuse_flag(const CLI::App& app, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  throw Error(Exit::usage, text("unknown flag ", flag, "; ", did_you_mean(flag, flag_names(app)),
                                help_of(app), " lists the flags"));
}

[[noreturn]] void refuse_word(const CLI::App& app, const std::string& word) {
  if (has_commands(app))
    throw Error(Exit::usage,
                text("unknown command \"", word, "\"; ", did_you_mean(word, command_names(app)),
                     help_of(app), " lists the commands"));
  throw Error(Exit::usage,
              text("there is one word too many, \"", word, "\": ", taken(app),
                   "; put words that belong together in quotes, or see ", help_of(app)));
}

void refuse_leftovers_of(const CLI::App& app) {
  std::vector<std::string> leftovers = app.remaining();
  std::erase(leftovers, "--");  // only says that what follows is no flag
  if (leftovers.empty()) return;
  // A flag that is not known leaves its value too: the flag is the mistake. The program's own first
  // word, though, is a command.
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  const auto flag = std::ranges::find_if(leftovers, is_flag);
  const bool is_command = has_commands(app) && !is_flag(leftovers.front());
  if (flag != leftovers.end() && !is_command) refuse_flag(app, *flag);
  refuse_word(app, leftovers.front());
}

}  // namespace

void keep_leftovers(CLI::App& program) {
  program.allow_extras();
  for (CLI::App* command : program.get_subcommands({})) keep_leftovers(*command);
}

void refuse_leftovers(const CLI::App& program) {
  refuse_leftovers_of(program);
  if (const CLI::App* const command = chosen(program)) refuse_leftovers(*command);
}

void refuse_repeated(const CLI::App& command, std::initializer_list<const char*> options) {
  for (const char* name : options) {
    const CLI::Option* option = command.get_option(name);
    const std::vector<std::string>& given = option->results();
    if (given.size() < 2) continue;
    std::string spellings = option->get_name(true, true);
    if (const auto comma = spellings.find(','); comma != std::string::npos)
      spellings.replace(comma, 1, " and ");
    throw Error(Exit::usage, text("\"", given[0], "\" and \"", given[1], "\" were both given as ",
                                  spellings, "; give it once"));
  }
}

std::string parse_error_sentence(const CLI::App& program, const CLI::ParseError& error) {
  std::string what = error.what();
  what = what.substr(0, what.find('\n'));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr &&
      what.find(" required ") != std::string::npos)
    what = text(what.substr(0, what.find(':')), ": expected a value, got none");
  return text(what, "; see ", help_of(current(program)));
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = word.size() / 3 + 1;  // more than that is another word
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > least || (distance == least && !best.empty())) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace ip2p::cli
