// batch_dry_run.cpp - counts, and the steps that are left times what a step took.
#include "batch_dry_run.h"

#include <cerrno>
#include <iostream>
#include <optional>
#include <system_error>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "ip2p/base/log.h"
#include "ip2p/batch/earlier_results.h"

#include "batch_report.h"
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
  if (found.replaced > 0)
    std::cout << text("  ", found.replaced,
                      " replace what an earlier run made of the same input\n");
  if (found.blocked > 0)
    std::cout << text("  ", found.blocked,
                      " would fail: other files are where they go; --overwrite replaces them\n");
  if (found.absent > 0) std::cout << text("  ", found.absent, " would fail: no such input\n");
  if (found.failed > 0)
    std::cout << text("  ", found.failed,
                      " failed in an earlier run; --retry-failed tries them again\n");
  if (found.skipped > 0)
    std::cout << text("  ", counted(found.skipped, "file"), " left out: no pictures\n");
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
                              {"replaced", found.replaced},
                              {"blocked", found.blocked},
                              {"absent", found.absent},
                              {"skipped", found.skipped},
                              {"estimated_seconds", nullptr},
                              {"first_outputs", nlohmann::ordered_json::array()}};
  if (left_s) said["estimated_seconds"] = *left_s;
  for (const fs::path& output : found.first) said["first_outputs"].push_back(output.string());
  print_json(said);
}

/// Error{file} unless the output folder can be written, or made.
void check_folder(const fs::path& folder) {
  std::error_code unknown;
  fs::path nearest = fs::absolute(folder, unknown);
  while (!nearest.empty() && !fs::exists(nearest, unknown) && nearest != nearest.root_path())
    nearest = nearest.parent_path();
  if (!fs::is_directory(nearest, unknown))
    throw Error(Exit::file,
                text("the output folder ", folder, " cannot be made: ", nearest, " is no folder"));
  if (::access(nearest.c_str(), W_OK | X_OK) != 0)
    throw Error(Exit::file, text("the output folder ", folder,
                                 " cannot be written: ", std::generic_category().message(errno)));
}

}  // namespace

Exit say_batch_plan(const BatchPlan& plan, const BatchFlags& flags, std::size_t workers) {
  const EarlierResults earlier(plan.folder());
  check_folder(plan.folder());
  const BatchSurvey found = survey(plan, [&](BatchTask& task) {
    return find_standing(task, earlier.known(task.output, task.fingerprint),
                         earlier.made(task.output, task.fingerprint), flags);
  });
  for (const std::string& sentence : found.unlisted) log::warn(sentence);
  std::optional<double> left_s = earlier.step_s(plan.manifest().sha256);
  if (left_s) *left_s *= static_cast<double>(found.steps) / static_cast<double>(workers);
  if (flags.json)
    print_plan_json(found, left_s);
  else
    print_plan(plan, found, left_s);
  return Exit::ok;
}

}  // namespace ip2p::cli
