// regress_run.cpp - a suite's edits made again, a line a case.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <utility>

#include "ip2p/base/log.h"
#include "ip2p/model/devices.h"
#include "ip2p/regress/approve.h"
#include "ip2p/regress/html_report.h"
#include "ip2p/regress/junit.h"
#include "ip2p/regress/repeats.h"
#include "ip2p/regress/run_folder.h"
#include "ip2p/regress/run_record.h"

#include "bundle_choice.h"
#include "clip_choice.h"
#include "interrupt.h"
#include "option_flags.h"
#include "regress_choice.h"
#include "regress_commands.h"
#include "regress_report.h"
#include "regress_setup.h"

namespace ip2p::cli {
namespace {

struct RunFlags {
  std::string suite;
  std::vector<std::string> filters;
  bool only_failed = false;
  bool update_new = false;
  std::int64_t repeat = 1;
  std::optional<std::string> out;
  std::optional<std::string> json;
  std::optional<std::string> junit;
  std::optional<std::string> html;
  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> dtype;
  std::optional<std::string> clip;
  std::int64_t batch_size = 1;
  bool quiet = false;
};

fs::path folder_of(const RunFlags& flags) {
  return flags.out ? fs::path(*flags.out) : usual_run_folder(flags.suite);
}

ChosenCases chosen_cases(const Suite& suite, const RunFlags& flags) {
  ChosenCases chosen = cases_to_run(suite, flags.filters);
  return flags.only_failed ? failed_before(std::move(chosen), read_run(folder_of(flags))) : chosen;
}

Exit exit_of(const std::vector<CaseResult>& results) {
  Exit exit = Exit::ok;
  for (const CaseResult& result : results) {
    if (result.verdict.verdict == Verdict::errors) return result.verdict.trouble;
    if (result.verdict.verdict != Verdict::passes) exit = Exit::no;
  }
  return exit;
}

/// What is new is from now on expected to come out as it did, and so are its repeats. What would
/// not even pass so, for it has no limits or a region that cannot be, is not going to be approved.
void expect_what_is_new(std::vector<Case>& cases, std::vector<CaseResult>& results,
                        const RunRules& rules) {
  for (CaseResult& result : results) {
    if (result.verdict.verdict != Verdict::added) continue;
    const CaseVerdict is_new = result.verdict;
    Case& expected = *std::ranges::find(cases, result.name, &Case::name);
    expected.references = {result.picture};
    judge_again(result, expected, rules);
    if (result.verdict.verdict == Verdict::passes) {
      result.verdict = is_new;
      continue;
    }
    result.verdict.reference.clear();
    result.verdict.reason = text("was not approved: ", result.verdict.reason);
    std::cout << result_line(result) << std::endl;
  }
}

/// The pictures of all cases, `flags.repeat` times. A line a case as it is judged, and another when
/// a repeat has a worse verdict.
std::vector<CaseResult> made_and_judged(std::vector<Case> cases, const LoadedModels& loaded,
                                        RunRules rules, const RunFolder& folder,
                                        const RunFlags& flags) {
  const auto say = [&flags](const CaseResult& result) {
    if (!flags.quiet || result.verdict.verdict != Verdict::passes)
      std::cout << result_line(result) << std::endl;
  };
  std::vector<CaseResult> first = run_cases(cases, loaded.models, rules, say, interrupted);
  if (flags.update_new) expect_what_is_new(cases, first, rules);
  Repeats repeats(std::move(first));
  for (std::int64_t number = 2; number <= flags.repeat && !interrupted(); ++number) {
    const auto time = static_cast<std::size_t>(number);
    rules.folder = folder.making(time);
    const auto again = run_cases(cases, loaded.models, rules, {}, interrupted);
    for (const std::string& name : repeats.add(again, time))
      say(*std::ranges::find(repeats.results(), name, &CaseResult::name));
  }
  if (interrupted()) throw Error(Exit::interrupted, "interrupted; nothing is kept of this run");
  return repeats.results();
}

/// Approves what is new: it passes from now on.
void approve_new(const Suite& suite, const fs::path& folder, std::vector<CaseResult>& results) {
  std::vector<std::string> names;
  for (const CaseResult& result : results)
    if (result.verdict.verdict == Verdict::added) names.push_back(result.name);
  if (names.empty()) return;
  for (const Approval& approval : plan_approval(suite, folder, read_run(folder), names)) {
    approve(approval, "new, by --update-new");
    CaseVerdict& verdict = std::ranges::find(results, approval.name, &CaseResult::name)->verdict;
    verdict.verdict = Verdict::passes;
    verdict.reason = "was new and is approved now";
    verdict.reference = approval.reference;
  }
  for (const CaseResult& result : results)
    if (std::ranges::find(names, result.name) != names.end())
      std::cout << result_line(result) << "\n";
}

/// `json` is the run's.
void write_reports(const RunFlags& flags, const std::vector<CaseResult>& results,
                   const nlohmann::ordered_json& json) {
  if (flags.json) write_run(*flags.json, json);
  if (flags.junit) {
    const std::string xml = junit_xml(fs::path(flags.suite).lexically_normal().string(), results);
    write_atomically(*flags.junit, Bytes(xml.begin(), xml.end()), Existing::replace);
  }
}

/// Reports of no cases, for those who wait for them. The last run stays as it is.
Exit nothing_to_run(const RunFlags& flags, const Suite& suite, const Manifest& manifest,
                    std::optional<ReportFolder>& html) {
  const PlacementNames place =
      resolved_placement(flags.device.value_or("auto"), flags.dtype.value_or("auto"));
  const fs::path folder = folder_of(flags);
  const nlohmann::ordered_json json = run_to_json(
      folder, {}, {manifest, {.device = device_kind(place.device), .dtype = place.dtype}});
  write_reports(flags, {}, json);
  if (html) write_html_report(*html, suite, folder, {}, json);
  log::info(text("nothing failed in the last run", flags.filters.empty() ? "" : " of what fits",
                 ", in ", folder));
  return Exit::ok;
}

/// Which case needs a CLIP bundle, for people; empty when none does.
std::string clip_need(const std::vector<Case>& cases) {
  for (const Case& each : cases)
    for (const Limits& limits : {each.limits, each.cross_backend.value_or(Limits{})})
      if (needed(limits).clip())
        return text("the case ", each.name, " has the limit ",
                    limits.clip_image ? "clip_image" : "clip_direction");
  return "";
}

Exit run(const RunFlags& flags) {
  const Suite suite = read_suite(flags.suite);
  const ChosenCases chosen = chosen_cases(suite, flags);
  const BundleChoice bundle = choose_bundle(flags.model);
  const Manifest manifest = read_manifest(bundle);
  if (flags.update_new) with_origin(bundle, [&] { check_bundle(suite, manifest.sha256); });
  const std::optional<ClipFeatures> clip =
      load_clip(flags.clip, clip_need(chosen.cases), flags.device.value_or("auto"));
  for (const std::optional<std::string>& report : {flags.json, flags.junit})
    if (report) check_writable(*report, Existing::replace);
  std::optional<ReportFolder> html;
  if (flags.html) html.emplace(*flags.html);
  if (chosen.empty()) return nothing_to_run(flags, suite, manifest, html);
  const RunFolder folder(folder_of(flags));
  const LoadedModels loaded = with_origin(bundle, [&] {
    return load_models(bundle.folder, {flags.device.value_or("auto")}, flags.dtype.value_or("auto"),
                       0);
  });
  RunRules rules =
      run_rules(manifest, loaded, folder.making(1), static_cast<std::size_t>(flags.batch_size));
  RunOrigin origin{manifest, {.device = device_kind(loaded.device), .dtype = loaded.dtype}};
  if (clip) {
    rules.features = clip->features.get();
    origin.clip_name = clip->name;
    origin.clip_hash = clip->hash;
  }

  std::vector<CaseResult> results = orphan_results(chosen.orphans);
  for (const CaseResult& orphan : results) std::cout << result_line(orphan) << "\n";
  std::ranges::move(made_and_judged(chosen.cases, loaded, rules, folder, flags),
                    std::back_inserter(results));

  const nlohmann::ordered_json earlier = kept_of_others(folder.path(), suite, chosen);
  const auto run_json = [&] {
    nlohmann::ordered_json json = run_to_json(folder.path(), results, origin);
    if (!earlier.empty()) json["earlier"] = earlier;
    return json;
  };
  folder.keep(results);
  write_run(run_file(folder.path()), run_json());
  if (flags.update_new) {
    approve_new(suite, folder.path(), results);
    write_run(run_file(folder.path()), run_json());
  }
  write_reports(flags, results, run_json());
  if (html) write_html_report(*html, suite, folder.path(), results, run_json());
  const std::string failures = failure_table(results);
  if (!failures.empty()) std::cout << "\n" << failures;
  if (flags.repeat > 1) log::info(repeats_words(results, static_cast<std::size_t>(flags.repeat)));
  log::info(
      text(counts_words(results), " of ", results.size(), "; the pictures are in ", folder.path()));
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
                "only cases that did not pass when they were last run");
  add_word(*app, "--out", flags->out,
           "the run's folder: pictures and run.json (default: runs/last in the suite)");
  app->add_flag("--update-new", flags->update_new,
                "approve the pictures of cases that have none and would pass; they pass then");
  app->add_option("--repeat", flags->repeat,
                  "make every case so many times; all must pass, and the spread is measured")
      ->check([](const std::string& word) {
        return number_problem<std::int64_t>(word, Range{std::int64_t{1}, std::int64_t{1000}});
      })
      ->capture_default_str();
  add_word(*app, "--json", flags->json, "also write run.json there");
  add_word(*app, "--junit", flags->junit, "also write a JUnit XML report there, for CI");
  add_word(*app, "--html", flags->html,
           "also write a report for browsers into that folder: index.html and its pictures");
  add_word(*app, "--model", flags->model,
           "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  add_word(*app, "--device", flags->device, "auto (default), cpu, cuda or cuda:N");
  add_word(*app, "--dtype", flags->dtype,
           "precision; auto (default) is float32 on the CPU and float16 on CUDA");
  add_word(*app, "--clip", flags->clip,
           "a CLIP bundle's folder, to measure what pictures show (default: IP2P_CLIP, where a "
           "limit needs it)");
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
