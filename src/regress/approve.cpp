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

Approval approval_of(const Case& approved, const fs::path& run_folder, const KeptResult& result) {
  const fs::path reference =
      approved.folder / "ref" / text(result.back_end.device, "-", result.back_end.dtype, ".png");
  return {.name = approved.name,
          .picture = run_folder / result.picture,
          .sha256 = result.sha256,
          .reference = reference,
          .replaces = fs::exists(reference)};
}

/// Before the first is approved: all or none.
void check_pictures(const std::vector<Approval>& planned) {
  for (const Approval& approval : planned) (void)read_judged(approval);
}

}  // namespace

void check_bundle(const Suite& suite, const std::string& hash) {
  if (hash == suite.bundle_hash) return;
  throw Error(Exit::model,
              text("the suite ", suite.folder, " is of the bundle ", suite.bundle_name, " (",
                   short_hash(suite.bundle_hash), "), this is another bundle (", short_hash(hash),
                   "); take the suite's, or move the suite: run all its cases and then `ip2p "
                   "regress approve --new-bundle`"));
}

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
    check_bundle(suite, result->bundle_hash);
    planned.push_back(approval_of(*found, run_folder, *result));
  }
  for (const KeptResult& result : run.results) {
    const bool is_wanted = result.verdict == Verdict::fails || result.verdict == Verdict::added;
    const auto found = case_named(result.name);
    if (!names.empty() || !is_wanted || found == suite.cases.end() || result.picture.empty())
      continue;
    check_bundle(suite, result.bundle_hash);
    planned.push_back(approval_of(*found, run_folder, result));
  }
  check_pictures(planned);
  return planned;
}

std::vector<Approval> plan_new_bundle(const Suite& suite, const fs::path& run_folder,
                                      const RunRecord& run) {
  if (run.bundle_hash == suite.bundle_hash)
    throw Error(Exit::usage, text("the bundle of the run in ", run_folder,
                                  " is the suite's already; name cases, or give --failed"));
  std::vector<Approval> planned;
  for (const Case& each : suite.cases) {
    const auto result = std::ranges::find(run.results, each.name, &KeptResult::name);
    if (result == run.results.end() || result->picture.empty() ||
        result->verdict == Verdict::errors || result->bundle_hash != run.bundle_hash)
      throw Error(Exit::usage, text("the run in ", run_folder, " made no picture for \"", each.name,
                                    "\" with its bundle, or it is an error; run the whole suite "
                                    "with the new bundle first"));
    planned.push_back(approval_of(each, run_folder, *result));
  }
  check_pictures(planned);
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
