// shell_words.h - a command as a person can read it and paste it into a shell.
#pragma once

#include <string>
#include <vector>

namespace ip2p {

/// The words with a space between them, each quoted where a shell (bash, zsh, ksh) needs it. What
/// cannot be seen (control characters, marks that turn the direction of text round) and what is not
/// UTF-8 is written as $'\xe2\x80\xae', so that the command does what it shows.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace ip2p
