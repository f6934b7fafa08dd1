// approve.cpp - one atomic move a case.
#include "ip2p/regress/approve.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"

namespace ip2p {
namespace {

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  (void)::gmtime_r(&now, &parts);
  std::array<char, sizeof "2026-01-01T00:00:00Z"> words{};
  (void)std::strftime(words.data(), words.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return words.data();
}

void append_line(const fs::path& path, const std::string& line) {
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "ae"));
  if (!file || std::fputs(line.c_str(), file.get()) < 0 || std::fflush(file.get()) != 0)
    throw Error(Exit::file, text("cannot append to ", path));
}

Approval approval_of(const Case& approved, const fs::path& run_folder, const RunRecord& run,
                     const KeptResult& result) {
  const fs::path reference =
      approved.folder / "ref" / text(run.back_end.device, "-", run.back_end.dtype, ".png");
  return {.name = approved.name,
          .picture = run_folder / result.picture,
          .sha256 = result.sha256,
          .reference = reference,
          .replaces = fs::exists(reference)};
}

}  // namespace

std::vector<Approval> plan_approval(const Suite& suite, const fs::path& run_folder,
                                    const RunRecord& run, const std::vector<std::string>& names) {
  std::vector<Approval> planned;
  const auto case_named = [&suite](const std::string& name) {
    return std::ranges::find(suite.cases, name, &Case::name);
  };
  for (const std::string& name : names) {
    const auto found = case_named(name);
    if (found == suite.cases.end())
      throw Error(Exit::usage, text("there is no case \"", name, "\" in ", suite.folder));
    const auto result = std::ranges::find(run.results, name, &KeptResult::name);
    if (result == run.results.end() || result->picture.empty())
      throw Error(Exit::usage,
                  text("the run in ", run_folder, " made no picture for \"", name, "\""));
    planned.push_back(approval_of(*found, run_folder, run, *result));
  }
  if (!names.empty()) return planned;
  for (const KeptResult& result : run.results) {
    const bool is_wanted = result.verdict == Verdict::fails || result.verdict == Verdict::added;
    const auto found = case_named(result.name);
    if (is_wanted && found != suite.cases.end() && !result.picture.empty())
      planned.push_back(approval_of(*found, run_folder, run, result));
  }
  return planned;
}

void approve(const Approval& approval, const std::string& reason) {
  const Bytes bytes = read_file(approval.picture);
  if (sha256_of(bytes) != approval.sha256)
    throw Error(Exit::file,
                text(approval.picture, " is not the picture that was judged; run the suite again"));
  make_folder(approval.reference.parent_path());
  nlohmann::ordered_json line{{"time", utc_now()},
                              {"picture", approval.reference.filename().string()},
                              {"sha256", approval.sha256},
                              {"reason", reason}};
  if (approval.replaces) line["replaces"] = sha256_of(read_file(approval.reference));
  write_atomically(approval.reference, bytes, Existing::replace);
  append_line(approval.reference.parent_path().parent_path() / "approvals.jsonl",
              line.dump() + "\n");
}

}  // namespace ip2p
