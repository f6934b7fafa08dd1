// approve.cpp - one atomic move a case.
#include "ip2p/regress/approve.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <set>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ip2p/base/descriptor.h"
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

/// Error{file} unless the picture is the one that the run kept.
Bytes read_judged(const Approval& approval) {
  Bytes bytes = read_file(approval.picture);
  if (sha256_of(bytes) != approval.sha256)
    throw Error(Exit::file,
                text(approval.picture, " is not the picture that was judged; run the suite again"));
  return bytes;
}

/// All of the line or, where the disk is full, nothing of it; also with others who append.
void append_line(const fs::path& path, std::string_view line) {
  const auto fail = [&path](int number) {
    throw Error(Exit::file,
                text("cannot append to ", path, ": ", std::generic_category().message(number)));
  };
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  struct stat before{};
  if (file.get() < 0 || ::flock(file.get(), LOCK_EX) != 0 || ::fstat(file.get(), &before) != 0)
    fail(errno);
  while (!line.empty()) {
    const ssize_t count = ::write(file.get(), line.data(), line.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int number = count < 0 ? errno : ENOSPC;
      (void)!::ftruncate(file.get(), before.st_size);
      fail(number);
    }
    line.remove_prefix(static_cast<std::size_t>(count));
  }
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
  for (const std::string& name : std::set(names.begin(), names.end())) {
    const auto found = case_named(name);
    if (found == suite.cases.end())
      throw Error(Exit::usage, text("there is no case \"", name, "\" in ", suite.folder));
    const auto result = std::ranges::find(run.results, name, &KeptResult::name);
    if (result == run.results.end() || result->picture.empty())
      throw Error(Exit::usage,
                  text("the run in ", run_folder, " made no picture for \"", name, "\""));
    planned.push_back(approval_of(*found, run_folder, run, *result));
  }
  for (const KeptResult& result : run.results) {
    const bool is_wanted = result.verdict == Verdict::fails || result.verdict == Verdict::added;
    const auto found = case_named(result.name);
    if (names.empty() && is_wanted && found != suite.cases.end() && !result.picture.empty())
      planned.push_back(approval_of(*found, run_folder, run, result));
  }
  // Before the first is approved: all or none.
  for (const Approval& approval : planned) (void)read_judged(approval);
  return planned;
}

void approve(const Approval& approval, const std::string& reason) {
  const Bytes bytes = read_judged(approval);
  make_folder(approval.reference.parent_path());
  remove_partial_files(approval.reference.parent_path());  // of approvals that were killed
  nlohmann::ordered_json line{{"time", utc_now()},
                              {"picture", approval.reference.filename().string()},
                              {"sha256", approval.sha256},
                              {"reason", reason}};
  if (approval.replaces) line["replaces"] = sha256_of(read_file(approval.reference));
  write_atomically(approval.reference, bytes, Existing::replace);
  append_line(approval.reference.parent_path().parent_path() / "approvals.jsonl",
              line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace ip2p
