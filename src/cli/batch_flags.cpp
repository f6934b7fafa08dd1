// batch_flags.cpp - one line a flag.
#include "batch_flags.h"

#include "option_flags.h"

namespace ip2p::cli {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  ip2p batch photos -o edited --edit \"make it snow\"\n"
    "  ip2p batch photos -o edited --recursive --edit \"make it snow\" --edit \"make it night\"\n"
    "  ip2p batch --manifest jobs.jsonl -o edited --template \"{stem}_{seed}.png\"\n"
    "  ip2p batch photos -o edited --edit \"make it snow\" --shard 2/8\n"
    "  find . -name '*.jpg' | ip2p batch - -o edited --edit \"make it snow\" --json";

}  // namespace

void declare_batch_flags(CLI::App& app, BatchFlags& flags) {
  app.add_option("INPUT", flags.inputs,
                 "pictures, folders and globs; - reads one path or JSON object a line from stdin");
  app.add_option("--edit", flags.edits, "what to change, in words; each picture gets all of them")
      ->allow_extra_args(false);  // one value a flag: what follows is an INPUT
  app.option_defaults()->take_last();
  add_word(app, "-o,--output", flags.output, "the folder where the edited pictures go");
  add_flags(app, flags.options);
  add_flags(app, flags);
  app.add_flag("-q,--quiet", flags.quiet, "no progress and no notes; warnings stay");
  app.add_flag("-v,--verbose", flags.verbose, "say where and how it is computed");
  app.footer(examples);
}

}  // namespace ip2p::cli
