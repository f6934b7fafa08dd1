// regress_approve.cpp - what a run made becomes what is expected.
#include <iostream>
#include <memory>

#include "ip2p/base/log.h"
#include "ip2p/regress/approve.h"

#include "option_flags.h"
#include "regress_commands.h"

namespace ip2p::cli {
namespace {

struct ApproveFlags {
  std::string suite;
  std::vector<std::string> cases;
  bool failed = false;
  bool new_bundle = false;
  std::optional<std::string> from;
  std::optional<std::string> reason;
  bool dry_run = false;
};

void check_choice(const ApproveFlags& flags) {
  const int choices = int{!flags.cases.empty()} + int{flags.failed} + int{flags.new_bundle};
  if (choices == 1) return;
  throw Error(Exit::usage, choices > 1 ? "of cases, --failed and --new-bundle several were given; "
                                         "give one of them"
                                       : "no case was given; name some, or give --failed for all "
                                         "that failed or are new");
}

Exit run(const ApproveFlags& flags) {
  check_choice(flags);
  Suite suite = read_suite(flags.suite);
  const fs::path folder = flags.from ? fs::path(*flags.from) : usual_run_folder(suite.folder);
  const RunRecord run = read_run(folder);
  const std::vector<Approval> planned = flags.new_bundle
                                            ? plan_new_bundle(suite, folder, run)
                                            : plan_approval(suite, folder, run, flags.cases);
  for (const Approval& approval : planned) {
    if (!flags.dry_run) approve(approval, flags.reason.value_or(""));
    std::cout << (approval.replaces ? "replaces " : "adds ") << approval.reference.string()
              << std::endl;
  }
  if (flags.new_bundle) {
    suite.bundle_name = run.bundle_name;
    suite.bundle_hash = run.bundle_hash;
    // After the pictures: where this comes to a halt before, it can be done again.
    if (!flags.dry_run) write_suite(suite, Existing::replace);
    log::info(text(run.bundle_name, " (", short_hash(run.bundle_hash), ") ",
                   flags.dry_run ? "would be" : "is", " the suite's bundle"));
  }
  log::info(text(planned.size(), flags.dry_run ? " would be approved" : " approved"));
  return Exit::ok;
}

}  // namespace

Command regress_approve_command(CLI::App& regress) {
  auto flags = std::make_shared<ApproveFlags>();
  CLI::App* app =
      regress.add_subcommand("approve", "Take a run's pictures as what cases expect from now on");
  app->add_option("SUITE", flags->suite, "the suite's folder")->required();
  app->add_option("CASE", flags->cases, "which cases");
  app->add_flag("--failed", flags->failed, "all that failed or are new in the run");
  app->add_flag("--new-bundle", flags->new_bundle,
                "all cases, as another bundle made them; that is the suite's from then on");
  add_word(*app, "--from", flags->from, "the run's folder (default: runs/last in the suite)");
  add_word(*app, "-m,--message", flags->reason, "why; kept in the case's approvals.jsonl");
  app->add_flag("--dry-run", flags->dry_run, "only say what would be replaced");
  app->footer(
      "Examples:\n"
      "  ip2p regress approve suite cat-make-it-snow -m \"new VAE\"\n"
      "  ip2p regress approve suite --failed --dry-run");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace ip2p::cli
