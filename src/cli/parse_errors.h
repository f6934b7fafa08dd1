// parse_errors.h - what a command line that makes no sense is answered with.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace ip2p::cli {

/// Leaves words that nothing took to `refuse_leftovers`, for the program and its commands.
void keep_leftovers(CLI::App& program);

/// Error{usage} when the chosen command, or the program, was given a word or flag that it does not
/// take: names the first one, and the nearest that there is.
void refuse_leftovers(const CLI::App& program);

/// Error{usage} when one of these options was given more than once, in any of its spellings.
void refuse_repeated(const CLI::App& command, std::initializer_list<const char*> options);

/// One sentence for what the parser threw.
std::string parse_error_sentence(const CLI::App& program, const CLI::ParseError& error);

/// The one of `known` that `word` was probably meant to be; empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace ip2p::cli
