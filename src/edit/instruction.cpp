// instruction.cpp - said once a request, however many pictures are made of it.
#include "ip2p/edit/instruction.h"

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/text/words.h"

namespace ip2p {

void check_instruction(const std::string& instruction) {
  if (instruction.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(Exit::usage,
                "the instruction is empty; say what to change, for example \"make it snow\"");
  // `--edit --steps 20`: the words were forgotten, and the flag taken for them.
  if (instruction.starts_with("--"))
    throw Error(Exit::usage, text("the instruction \"", instruction,
                                  "\" is a flag; say what to change, in words, before it"));
  check_utf8(instruction);
}

void warn_if_cut(const Tokenizer& tokenizer, const std::string& instruction) {
  const Tokens tokens = tokenizer.encode(instruction);
  if (!tokens.dropped.empty())
    log::warn(text("the instruction has more than ", tokens.ids.size(), " tokens; left out: \"",
                   tokens.dropped, "\""));
}

}  // namespace ip2p
