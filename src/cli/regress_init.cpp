// regress_init.cpp - a suite from a folder and a list of instructions.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>

#include "ip2p/base/log.h"
#include "ip2p/batch/item_source.h"
#include "ip2p/batch/output_name.h"
#include "ip2p/image/read.h"
#include "ip2p/regress/suite.h"

#include "bundle_choice.h"
#include "limit_flags.h"
#include "option_flags.h"
#include "regress_commands.h"

namespace ip2p::cli {
namespace {

struct InitFlags {
  std::string suite;
  std::vector<std::string> inputs;
  std::vector<std::string> edits;
  EditOptions options;
  LimitFlags limits;
  std::optional<std::string> model;
};

/// What a run on the same machine keeps to by far, and no other edit does.
constexpr std::int64_t standard_max_abs = 4;
constexpr double standard_mean_abs = 0.25;

/// Error{usage} when two have one name: they would be one folder.
void check_names(std::vector<Case> cases) {
  std::ranges::sort(cases, {}, &Case::name);
  const auto twice = std::ranges::adjacent_find(cases, {}, &Case::name);
  if (twice == cases.end()) return;
  throw Error(Exit::usage, text(twice->input, " by \"", twice->request.instruction, "\" and ",
                                std::next(twice)->input, " by \"",
                                std::next(twice)->request.instruction, "\" would both be the case ",
                                twice->name, "; rename a picture, or make two suites"));
}

/// Before anything is written: a suite that is there, or half of one, stays as it is.
void check_is_free(const Suite& suite) {
  if (fs::exists(suite.folder / "suite.json"))
    throw Error(Exit::file, text(suite.folder,
                                 " is a suite already; name another folder, or add "
                                 "cases to it by hand"));
  for (const Case& made : suite.cases)
    if (fs::exists(made.folder))
      throw Error(Exit::file, text("there is a folder ", made.folder,
                                   " and no suite.json: a suite was not finished there; remove ",
                                   suite.folder / "cases", ", or name another folder"));
}

/// Error{file} for one that is no picture; each is read once, however many instructions there are.
void check_inputs(const Suite& suite) {
  std::set<fs::path> read;
  for (const Case& made : suite.cases)
    if (read.insert(made.input).second) (void)read_image(made.input);
}

Exit run(const InitFlags& flags) {
  validate(flags.options);
  const Limits limits = flags.limits.checked();
  if (flags.edits.empty())
    throw Error(Exit::usage, "no instruction was given; say what to change with --edit \"...\"");
  const Manifest manifest = read_manifest(choose_bundle(flags.model));
  Suite suite;
  suite.folder = flags.suite;
  suite.bundle_name = manifest.name;
  suite.bundle_hash = manifest.sha256;
  suite.defaults = flags.options;
  suite.limits = limits;
  if (!suite.limits.any()) {
    suite.limits.max_abs = standard_max_abs;
    suite.limits.mean_abs = standard_mean_abs;
  }
  const auto items =
      items_from_inputs({.inputs = flags.inputs, .recursive = false, .output_folder = suite.folder},
                        {.instructions = flags.edits, .count = 1});
  const OutputTemplate name("{stem}-{words}");
  while (const std::optional<BatchItem> item = items->next()) {
    Case& made = suite.cases.emplace_back();
    made.name = name.path(*item, 0).string();
    made.folder = suite.folder / "cases" / made.name;
    made.input = item->input;
    made.request.instruction = item->instruction;
  }
  if (suite.cases.empty()) throw Error(Exit::file, "there are no pictures among the inputs");
  check_names(suite.cases);
  check_is_free(suite);
  check_inputs(suite);
  for (const Case& made : suite.cases) {
    write_case(made, Existing::keep);
    std::cout << made.folder.string() << "\n";
  }
  write_suite(suite, Existing::keep);
  const bool is_one = suite.cases.size() == 1;
  log::info(text(suite.cases.size(), is_one ? " case" : " cases", "; `ip2p regress run ",
                 suite.folder.string(), "` makes ", is_one ? "its picture" : "their pictures",
                 ", and `ip2p regress approve ", suite.folder.string(), " --failed` approves ",
                 is_one ? "it" : "them"));
  return Exit::ok;
}

}  // namespace

Command regress_init_command(CLI::App& regress) {
  auto flags = std::make_shared<InitFlags>();
  CLI::App* app = regress.add_subcommand("init", "Make a suite from pictures and instructions");
  app->add_option("SUITE", flags->suite, "the folder to make")->required();
  app->add_option("INPUT", flags->inputs, "pictures and folders")->required();
  app->add_option("--edit", flags->edits, "what to change, in words; each picture gets all of them")
      ->allow_extra_args(false);
  add_flags(*app, flags->options);
  add_limit_flags(*app, flags->limits);
  add_word(*app, "--model", flags->model,
           "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  app->footer(
      "Options become the suite's defaults, limits its limits (default: --max-abs 4 --mean-abs "
      "0.25).\n\nExample:\n"
      "  ip2p regress init suite photos --edit \"make it snow\" --edit \"make it night\"");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace ip2p::cli
