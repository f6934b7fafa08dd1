// edit_flags.cpp - one line a flag.
#include "edit_flags.h"

#include "option_flags.h"
#include "parse_errors.h"

namespace ip2p::cli {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  ip2p edit photo.jpg \"make it snow\" -o snowy.jpg\n"
    "  ip2p edit photo.jpg \"make it snow\" -o snowy.png --seed 7 --count 4 --cfg-image 1.8\n"
    "  ip2p edit --from snowy_8.png --edit \"make it rain\" -o rainy.png\n"
    "  ip2p edit - \"make it snow\" -o - --format jpeg < photo.jpg > snowy.jpg\n"
    "  ip2p edit photo.jpg \"make it snow\" -o snowy.png --dry-run";

}  // namespace

void declare_edit_flags(CLI::App& app, EditFlags& flags) {
  app.option_defaults()->take_last();
  // Positional and flag in one: `ip2p edit IN "TEXT" -o OUT` and edit_cli.py's --input --edit
  // --output.
  add_word(app, "INPUT,--input", flags.input, "the picture to edit; - reads stdin");
  add_word(app, "INSTRUCTION,--edit", flags.instruction, "what to change, in words");
  add_word(app, "-o,--output", flags.output, "where the edited picture goes; - writes to stdout");
  add_word(app, "--from", flags.from,
           "make a picture again from the record inside it (- reads it from stdin); flags override "
           "the record");

  add_flags(app, flags.options);
  add_flags(app, flags);

  app.add_flag("-q,--quiet", flags.quiet, "no progress and no notes; warnings stay");
  app.add_flag("-v,--verbose", flags.verbose,
               "say where and how it is computed, sizes, seconds by stage, memory");
  app.footer(examples);
}

void refuse_repeated_edit_flags(const CLI::App& app) {
  refuse_repeated(app, {"--input", "--edit", "--output"});
}

}  // namespace ip2p::cli
