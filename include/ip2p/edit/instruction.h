// instruction.h - what an instruction must be, and what is said of one that is too long.
#pragma once

#include <string>

#include "ip2p/text/tokenizer.h"

namespace ip2p {

/// Error{usage} when the instruction is blank, begins with "--" or is not UTF-8.
void check_instruction(const std::string& instruction);

/// Warns, with the words that are left out, when the model's text length is too short for it.
void warn_if_cut(const Tokenizer& tokenizer, const std::string& instruction);

}  // namespace ip2p
