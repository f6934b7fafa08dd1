// regress_compare.cpp - two pictures, or two folders.
#include <algorithm>
#include <iostream>
#include <memory>
#include <system_error>

#include <nlohmann/json.hpp>

#include "ip2p/base/log.h"
#include "ip2p/regress/picture_comparison.h"

#include "clip_choice.h"
#include "compare_report.h"
#include "edit_report.h"
#include "limit_flags.h"
#include "option_flags.h"
#include "regress_commands.h"

namespace ip2p::cli {
namespace {

struct CompareFlags {
  std::string reference;
  std::string other;
  LimitFlags limits;
  std::vector<std::string> metrics;
  std::optional<std::string> clip;
  std::optional<std::string> diff;
  bool overwrite = false;
  double max_megapixels = ReadLimits{}.max_megapixels;
  bool json = false;
  bool quiet = false;
};

const Choices costly_metrics{"ssim", "flip", "clip_image"};

ComparisonRules rules_of(const CompareFlags& flags) {
  ComparisonRules rules{.limits = flags.limits.checked(),
                        .measured = {.clip_image = flags.clip.has_value()},
                        .reading = {.max_megapixels = flags.max_megapixels},
                        .diff = flags.diff,
                        .overwrite = flags.overwrite};
  for (const std::string& metric : flags.metrics) {
    if (!costly_metrics.allows(metric))
      throw Error(Exit::usage, text("--metric: expected ", costly_metrics.expected(), ", got \"",
                                    metric, "\" (the others are always measured)"));
    if (metric == "ssim") rules.measured.ssim = true;
    if (metric == "flip") rules.measured.flip = true;
    if (metric == "clip_image") rules.measured.clip_image = true;
  }
  return rules;
}

/// What asks for a CLIP bundle, for people; empty when nothing does.
std::string clip_need(const ComparisonRules& rules) {
  if (rules.limits.clip_image) return "--clip-image was given";
  return rules.measured.clip_image ? "--metric clip_image was given" : "";
}

Exit compare(const CompareFlags& flags) {
  ComparisonRules rules = rules_of(flags);
  const std::optional<ClipFeatures> clip = load_clip(flags.clip, clip_need(rules), "auto");
  if (clip) rules.features = clip->features.get();
  std::size_t all = 0;
  std::size_t different = 0;
  std::size_t unreadable = 0;
  const auto say = [&](const ComparedPicture& compared) {
    ++all;
    if (!compared.passes()) ++different;
    if (compared.outcome == Comparison::unreadable) ++unreadable;
    if (flags.json)
      print_json(comparison_json(compared));
    else if (!flags.quiet || !compared.passes())
      std::cout << comparison_words(compared) << "\n";
  };
  const auto is_folder = [](const fs::path& path) {
    std::error_code unknown;  // who reads it says what is wrong
    return fs::is_directory(path, unknown);
  };
  if (!is_folder(flags.reference) && !is_folder(flags.other)) {
    say(compare_files(flags.reference, flags.other, rules));
    return different == 0 ? Exit::ok : Exit::no;
  }
  compare_folders(flags.reference, flags.other, rules, say);
  if (all == 0)
    throw Error(Exit::file, text("there are no pictures in ", fs::path(flags.reference), " and ",
                                 fs::path(flags.other)));
  log::info(text(all - different, " of ", all, " are the same"));
  if (unreadable > 0)
    throw Error(Exit::file, text(unreadable, " of ", all, " pictures could not be read"));
  return different == 0 ? Exit::ok : Exit::no;
}

}  // namespace

Command regress_compare_command(CLI::App& regress) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* app = regress.add_subcommand(
      "compare", "Compare two pictures, or all of two folders; edits nothing");
  app->add_option("A", flags->reference, "the reference: a picture or a folder")->required();
  app->add_option("B", flags->other, "what is compared with it")->required();
  add_limit_flags(*app, flags->limits);
  app->add_option("--metric", flags->metrics,
                  "also measure ssim, flip or clip_image, without a limit; can be given again")
      ->allow_extra_args(false);
  add_word(*app, "--clip", flags->clip,
           "a CLIP bundle's folder, to measure clip_image (default: IP2P_CLIP, where that is "
           "asked for)");
  add_word(*app, "--diff", flags->diff,
           "write a picture of the differences there (of folders: a folder)");
  app->add_flag("--overwrite", flags->overwrite, "replace such pictures that exist");
  app->add_option("--max-megapixels", flags->max_megapixels, "refuse larger pictures")
      ->check([](const std::string& word) {
        return number_problem<double>(word, ReadLimits::megapixels_range);
      })
      ->capture_default_str();
  app->add_flag("--json", flags->json, "print one JSON object a pair");
  app->add_flag("-q,--quiet", flags->quiet, "only what differs");
  app->footer(
      "Without a limit, pictures are the same when no pixel differs. Exit code 0: all are the "
      "same; "
      "1: some are not.\n\nExamples:\n"
      "  ip2p regress compare approved.png today.png --diff differences.png\n"
      "  ip2p regress compare approved/ today/ --max-abs 8 --ssim 0.98");
  return {app, [flags] {
            if (flags->quiet) log::set_level(log::Level::warning);
            return compare(*flags);
          }};
}

}  // namespace ip2p::cli
