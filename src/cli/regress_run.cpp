// regress_run.cpp - a suite's edits made again, a line a case.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "ip2p/base/folders.h"
#include "ip2p/base/log.h"
#include "ip2p/batch/editor_model.h"
#include "ip2p/image/name_pattern.h"
#include "ip2p/model/devices.h"
#include "ip2p/regress/junit.h"
#include "ip2p/regress/run_record.h"

#include "bundle_choice.h"
#include "compare_report.h"
#include "interrupt.h"
#include "option_flags.h"
#include "regress_commands.h"

namespace ip2p::cli {
namespace {

struct RunFlags {
  std::string suite;
  std::vector<std::string> filters;
  bool only_failed = false;
  std::optional<std::string> out;
  std::optional<std::string> junit;
  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> dtype;
  std::int64_t batch_size = 1;
  bool quiet = false;
};

fs::path run_folder(const RunFlags& flags) {
  return flags.out ? fs::path(*flags.out) : fs::path(flags.suite) / "runs" / "last";
}

std::vector<Case> chosen_cases(const Suite& suite, const RunFlags& flags) {
  std::vector<Case> chosen = suite.cases;
  if (!flags.filters.empty())
    std::erase_if(chosen, [&](const Case& each) {
      return std::ranges::none_of(
          flags.filters, [&](const std::string& pattern) { return fits(each.name, pattern); });
    });
  if (flags.only_failed) {
    const RunRecord before = read_run(run_folder(flags));
    std::erase_if(chosen, [&](const Case& each) {
      const auto found = std::ranges::find(before.results, each.name, &KeptResult::name);
      return found == before.results.end() || found->verdict == Verdict::passes;
    });
  }
  return chosen;
}

std::string line_of(const CaseResult& result) {
  std::string line = text(verdict_name(result.verdict.verdict), " ", result.name);
  if (!result.verdict.reason.empty()) line += ": " + result.verdict.reason;
  for (const MeasuredPart& part : result.verdict.parts)
    line += text(": ", part.region.empty() ? "" : part.region + " ", metrics_words(part.metrics),
                 broken_words(part.judged));
  if (result.verdict.is_cross && !result.verdict.parts.empty()) line += " (of another back end)";
  return line;
}

std::vector<CaseResult> orphans_of(const Suite& suite, const RunFlags& flags) {
  std::vector<CaseResult> results;
  if (!flags.filters.empty() || flags.only_failed) return results;
  for (const std::string& name : suite.orphans) {
    CaseResult& result = results.emplace_back();
    result.name = name;
    result.verdict.verdict = Verdict::orphan;
    result.verdict.reason = "there are approved pictures and no case.json";
  }
  return results;
}

Exit exit_of(const std::vector<CaseResult>& results) {
  Exit exit = Exit::ok;
  for (const CaseResult& result : results) {
    if (result.verdict.verdict == Verdict::errors) return result.verdict.trouble;
    if (result.verdict.verdict != Verdict::passes) exit = Exit::no;
  }
  return exit;
}

std::string counts_words(const std::vector<CaseResult>& results) {
  std::map<Verdict, std::size_t> counts;
  for (const CaseResult& result : results) ++counts[result.verdict.verdict];
  std::string words;
  for (const auto& [verdict, count] : counts)
    words += text(words.empty() ? "" : ", ", count, " ", verdict_name(verdict));
  return words;
}

Exit run(const RunFlags& flags) {
  const Suite suite = read_suite(flags.suite);
  const std::vector<Case> cases = chosen_cases(suite, flags);
  std::vector<CaseResult> results = orphans_of(suite, flags);
  if (cases.empty() && flags.only_failed) {
    log::info(text("nothing failed in the last run, in ", run_folder(flags)));
    return Exit::ok;
  }
  if (cases.empty() && results.empty())
    throw Error(Exit::usage,
                text("no case of ", suite.folder, " was chosen; it has ", suite.cases.size()));
  const BundleChoice bundle = choose_bundle(flags.model);
  const Manifest manifest = read_manifest(bundle);
  if (flags.junit) check_writable(*flags.junit, Existing::replace);
  const fs::path folder = run_folder(flags);
  make_folder(folder);
  const LoadedModels loaded = with_origin(bundle, [&] {
    return load_models(bundle.folder, {flags.device.value_or("auto")}, flags.dtype.value_or("auto"),
                       0);
  });
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const RunRules rules{.engine = {.manifest = manifest,
                                  .device = loaded.device,
                                  .dtype = loaded.dtype,
                                  .limits = {},
                                  .readers = 1,
                                  .writers = 1,
                                  .batch_size = static_cast<std::size_t>(flags.batch_size),
                                  .folder = {}},
                       .folder = folder,
                       .judges = cores};
  for (const CaseResult& orphan : results) std::cout << line_of(orphan) << "\n";
  std::vector<CaseResult> made = run_cases(
      cases, loaded.models, rules,
      [&](const CaseResult& result) {
        if (!flags.quiet || result.verdict.verdict != Verdict::passes)
          std::cout << line_of(result) << std::endl;
      },
      interrupted);
  if (interrupted()) throw Error(Exit::interrupted, "interrupted; nothing is kept of this run");
  results.insert(results.end(), std::make_move_iterator(made.begin()),
                 std::make_move_iterator(made.end()));
  write_run(folder, results, manifest,
            {.device = device_kind(loaded.device), .dtype = loaded.dtype});
  if (flags.junit) {
    const std::string xml = junit_xml(fs::path(flags.suite).lexically_normal().string(), results);
    write_atomically(*flags.junit, Bytes(xml.begin(), xml.end()), Existing::replace);
  }
  log::info(text(counts_words(results), " of ", results.size(), "; the pictures are in ", folder));
  return exit_of(results);
}

}  // namespace

Command regress_run_command(CLI::App& regress) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* app = regress.add_subcommand("run", "Make a suite's edits again and compare them");
  app->add_option("SUITE", flags->suite, "the suite's folder")->required();
  app->add_option("--filter", flags->filters, "only cases whose names fit, such as 'cat-*'")
      ->allow_extra_args(false);
  app->add_flag("--only-failed", flags->only_failed,
                "only cases that did not pass in the last run");
  add_word(*app, "--out", flags->out,
           "the run's folder: pictures and run.json (default: runs/last in the suite)");
  add_word(*app, "--junit", flags->junit, "also write a JUnit XML report there, for CI");
  add_word(*app, "--model", flags->model,
           "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  add_word(*app, "--device", flags->device, "auto (default), cpu, cuda or cuda:N");
  add_word(*app, "--dtype", flags->dtype,
           "precision; auto (default) is float32 on the CPU and float16 on CUDA");
  app->add_option("--batch-size", flags->batch_size, "pictures edited together")
      ->check([](const std::string& word) {
        return number_problem<std::int64_t>(word, Range{std::int64_t{1}, std::int64_t{256}});
      })
      ->capture_default_str();
  app->add_flag("-q,--quiet", flags->quiet, "only cases that do not pass");
  app->footer(
      "Exit code 0: all pass; 1: some do not, or are new.\n\nExamples:\n"
      "  ip2p regress run suite\n"
      "  ip2p regress run suite --filter 'cat-*' --only-failed");
  return {app, [flags] {
            if (flags->quiet) log::set_level(log::Level::warning);
            return run(*flags);
          }};
}

}  // namespace ip2p::cli
