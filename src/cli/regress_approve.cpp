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
  std::optional<std::string> from;
  std::optional<std::string> reason;
  bool dry_run = false;
};

Exit run(const ApproveFlags& flags) {
  if (flags.cases.empty() != flags.failed)
    throw Error(Exit::usage, flags.failed
                                 ? "both cases and --failed were given; give one of them"
                                 : "no case was given; name some, or give --failed for all that "
                                   "failed or are new");
  const Suite suite = read_suite(flags.suite);
  const fs::path folder = flags.from ? fs::path(*flags.from) : suite.folder / "runs" / "last";
  const std::vector<Approval> planned = plan_approval(suite, folder, read_run(folder), flags.cases);
  for (const Approval& approval : planned) {
    if (!flags.dry_run) approve(approval, flags.reason.value_or(""));
    std::cout << (approval.replaces ? "replaces " : "adds ") << approval.reference.string()
              << std::endl;
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
