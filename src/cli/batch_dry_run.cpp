// batch_dry_run.cpp - counts, and the steps that are left times what a step took.
#include "batch_dry_run.h"

#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "ip2p/batch/earlier_results.h"

#include "batch_todo.h"
#include "edit_report.h"
#include "progress.h"

namespace ip2p::cli {
namespace {

void print_plan(const BatchPlan& plan, const BatchSurvey& found,
                const std::optional<double>& left_s) {
  std::cout << text("would make ", found.to_do, " of ", found.items, " pictures with ",
                    plan.manifest().name, " in ", plan.folder(), "\n");
  if (plan.shard().count > 1)
    std::cout << text("  ", found.here, " are of shard ", plan.shard().index, "/",
                      plan.shard().count, "\n");
  if (found.done > 0) std::cout << text("  ", found.done, " are done\n");
  if (found.failed > 0)
    std::cout << text("  ", found.failed,
                      " failed in an earlier run; --retry-failed tries them again\n");
  if (found.skipped > 0) std::cout << text("  ", found.skipped, " files are no pictures\n");
  if (left_s && found.to_do > 0) std::cout << text("  about ", time_left(*left_s), "\n");
  for (const fs::path& output : found.first) std::cout << "  " << output.string() << "\n";
  if (found.to_do > found.first.size()) std::cout << "  ...\n";
}

void print_plan_json(const BatchSurvey& found, const std::optional<double>& left_s) {
  nlohmann::ordered_json said{{"dry_run", true},
                              {"items", found.items},
                              {"shard_items", found.here},
                              {"done", found.done},
                              {"failed", found.failed},
                              {"to_do", found.to_do},
                              {"skipped", found.skipped},
                              {"estimated_seconds", nullptr},
                              {"first_outputs", nlohmann::ordered_json::array()}};
  if (left_s) said["estimated_seconds"] = *left_s;
  for (const fs::path& output : found.first) said["first_outputs"].push_back(output.string());
  print_json(said);
}

}  // namespace

Exit say_batch_plan(const BatchPlan& plan, const BatchFlags& flags, std::size_t workers) {
  const EarlierResults earlier(plan.folder());
  const BatchSurvey found = survey(plan, [&](const BatchTask& task) {
    return standing(task, earlier.known(task.output, task.fingerprint), flags);
  });
  std::optional<double> left_s = earlier.step_s(plan.manifest().sha256);
  if (left_s) *left_s *= static_cast<double>(found.steps) / static_cast<double>(workers);
  if (flags.json)
    print_plan_json(found, left_s);
  else
    print_plan(plan, found, left_s);
  return Exit::ok;
}

}  // namespace ip2p::cli
