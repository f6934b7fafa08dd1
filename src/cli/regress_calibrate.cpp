// regress_calibrate.cpp - limits from how far pictures of one case lie apart here.
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <thread>

#include "ip2p/base/log.h"
#include "ip2p/compare/measure_words.h"
#include "ip2p/model/devices.h"

#include "bundle_choice.h"
#include "calibrate_batches.h"
#include "edit_report.h"
#include "interrupt.h"
#include "option_flags.h"
#include "regress_commands.h"
#include "regress_setup.h"
#include "text_table.h"

namespace ip2p::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CalibrateFlags {
  std::string suite;
  std::vector<std::string> filters;
  std::optional<std::string> model;
  std::optional<std::string> device;
  std::optional<std::string> dtype;
  bool write = false;
  bool json = false;
};

/// A way to make the suite's pictures.
struct Variant {
  std::string name;  ///< for people
  PlacementNames place;
  int cpu_threads = 0;  ///< 0: all
  std::size_t batch_size = 1;
  bool is_cross = false;  ///< of another device kind or dtype than what it is compared with
};

/// What a variant came to.
struct Calibrated {
  Variant variant;
  Spread spread;
};

/// On the same back end: fewer threads, and several pictures together.
std::vector<Variant> same_variants(const PlacementNames& place) {
  std::vector<Variant> variants;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  if (place.device == "cpu" && cores > 1)
    variants.push_back({.name = "1 thread", .place = place, .cpu_threads = 1});
  for (const std::size_t size : {std::size_t{2}, std::size_t{4}, std::size_t{8}})
    variants.push_back({.name = text("batches of ", size), .place = place, .batch_size = size});
  return variants;
}

/// The other dtypes, and the other devices.
std::vector<Variant> cross_variants(const PlacementNames& base) {
  std::vector<Variant> variants;
  const auto add = [&variants](const PlacementNames& place) {
    variants.push_back({.name = text(device_kind(place.device), ' ', place.dtype),
                        .place = place,
                        .is_cross = true});
  };
  for (const std::string_view dtype : dtype_names)
    if (dtype != "auto" && dtype != base.dtype)
      add({.device = base.device, .dtype = std::string(dtype)});
  for (const DeviceInfo& device : devices())
    if (device_kind(device.name) != device_kind(base.device))
      add(resolved_placement(device.name, "auto"));
  return variants;
}

std::vector<CaseResult> pictures(const BundleChoice& bundle, const Manifest& manifest,
                                 const std::vector<Case>& cases, const Variant& variant,
                                 const fs::path& folder) {
  const LoadedModels loaded = with_origin(bundle, [&] {
    return load_models(bundle.folder, {variant.place.device}, variant.place.dtype,
                       variant.cpu_threads);
  });
  const RunRules rules = run_rules(manifest, loaded, folder, variant.batch_size);
  forget_batches(folder);
  std::vector<CaseResult> results = run_cases(cases, loaded.models, rules, {}, interrupted);
  if (interrupted()) throw Error(Exit::interrupted, "interrupted; nothing is proposed");
  for (const CaseResult& result : results)
    if (result.picture.empty())
      throw Error(result.verdict.trouble, text(result.name, ": ", result.verdict.reason));
  return results;
}

std::vector<std::string> row_of(const std::string& name, const Spread& spread) {
  return {name,
          text(spread.pairs),
          text(spread.max_abs),
          short_number(spread.mean_abs),
          short_number(spread.differing_share),
          short_number(spread.psnr_db),
          short_number(spread.ssim),
          short_number(spread.flip)};
}

Json report(const std::vector<Calibrated>& found, const Limits& limits,
            const std::optional<Limits>& cross) {
  Json json{{"variants", Json::array()}, {"limits", limits_to_json(limits)}};
  for (const auto& [variant, spread] : found) {
    Json each{{"name", variant.name}, {"pictures", spread.pairs}};
    each.update(spread_to_json(spread));
    json["variants"].push_back(std::move(each));
  }
  if (cross) json["cross_backend"] = limits_to_json(*cross);
  return json;
}

void print_table(const PlacementNames& base, const std::vector<Calibrated>& found,
                 const Json& report) {
  std::vector<std::vector<std::string>> rows{
      {text("compared with ", device_kind(base.device), ' ', base.dtype), "pictures", "max_abs",
       "mean_abs", "differing", "psnr_db", "ssim", "flip"}};
  for (const auto& [variant, spread] : found) rows.push_back(row_of(variant.name, spread));
  std::cout << text_table(rows) << "\n\"limits\": " << report.at("limits").dump();
  if (report.contains("cross_backend"))
    std::cout << ",\n\"cross_backend\": " << report.at("cross_backend").dump();
  std::cout << "\n";
}

Exit run(const CalibrateFlags& flags) {
  Suite suite = read_suite(flags.suite);
  const std::vector<Case> cases = cases_that_fit(suite, flags.filters);
  if (cases.empty())
    throw Error(Exit::usage,
                text("no case of ", suite.folder, " was chosen; it has ", suite.cases.size()));
  const BundleChoice bundle = choose_bundle(flags.model);
  const Manifest manifest = read_manifest(bundle);
  const PlacementNames base =
      resolved_placement(flags.device.value_or("auto"), flags.dtype.value_or("auto"));
  const fs::path folder = suite.folder / "runs" / "calibrate";
  const std::vector<CaseResult> expected =
      pictures(bundle, manifest, cases, {.name = "base", .place = base}, folder / "0");

  std::vector<Variant> variants = same_variants(base);
  std::ranges::copy(cross_variants(base), std::back_inserter(variants));
  std::vector<Calibrated> found;
  Spread same;
  Spread cross;
  for (const Variant& variant : variants) {
    log::info(variant.name);
    const fs::path place = folder / std::to_string(found.size() + 1);
    const auto made = pictures(
        bundle, manifest, in_full_batches(cases, expected, variant.batch_size), variant, place);
    if (const std::size_t fewest = fewest_together(place); fewest < variant.batch_size) {
      log::warn(text(variant.name, " are left out: only ", fewest, " could be edited together"));
      continue;
    }
    const Spread spread = spread_between(expected, made);
    (variant.is_cross ? cross : same).add(spread);
    found.push_back({variant, spread});
  }

  const Limits limits = limits_beyond(same);
  std::optional<Limits> cross_limits;
  if (cross.pairs > 0) cross_limits = limits_beyond(cross);
  const Json said = report(found, limits, cross_limits);
  if (flags.json)
    print_json(said);
  else
    print_table(base, found, said);
  if (!flags.write) return Exit::ok;
  suite.limits = limits.or_else(suite.limits);
  if (cross_limits)
    suite.cross_backend = cross_limits->or_else(suite.cross_backend.value_or(Limits{}));
  write_suite(suite, Existing::replace);
  log::info(text("written into ", suite.folder / "suite.json"));
  return Exit::ok;
}

}  // namespace

Command regress_calibrate_command(CLI::App& regress) {
  auto flags = std::make_shared<CalibrateFlags>();
  CLI::App* app = regress.add_subcommand(
      "calibrate", "Propose limits: how far do dtypes, threads and batch sizes move the pictures?");
  app->add_option("SUITE", flags->suite, "the suite's folder")->required();
  app->add_option("--filter", flags->filters, "only cases whose names fit, such as 'cat-*'")
      ->allow_extra_args(false);
  add_word(*app, "--model", flags->model,
           "the bundle's folder (default: IP2P_MODEL, else the demo that ships)");
  add_word(*app, "--device", flags->device, "auto (default), cpu, cuda or cuda:N");
  add_word(*app, "--dtype", flags->dtype, "what the others are compared with (default: auto)");
  app->add_flag("--write", flags->write, "put the limits into suite.json");
  app->add_flag("--json", flags->json, "print one JSON object");
  app->footer(
      "Limits are twice the largest distance and a little more. Nothing is compared with approved "
      "pictures.\n\nExample:\n"
      "  ip2p regress calibrate suite --write");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace ip2p::cli
