// results_crash_test.cpp - a process that makes outputs is killed at any moment, again and again,
// and the next one knows the truth.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ip2p/batch/results_log.h"

#include "result_line.h"
#include "support/temporary_folder.h"

namespace ip2p {
namespace {

using test::TemporaryFolder;

constexpr int outputs = 12;
constexpr int threads = 2;
constexpr int kills = 200;

// How often an output has been made is what it contains; the request of its n-th making has the
// fingerprint n.
std::string name_of(int output) {
  return "out-" + std::to_string(output);
}

std::uint64_t times_made(const fs::path& path) {
  std::ifstream file(path);
  std::uint64_t times = 0;
  std::string end;
  if (!(file >> times)) return 0;
  if (!(file >> end) || end != "whole") throw std::runtime_error("torn: " + path.string());
  return times;
}

void make(ResultsLog& log, const fs::path& folder, int output) {
  const std::string name = name_of(output);
  const std::uint64_t times = times_made(folder / name) + 1;
  const nlohmann::ordered_json result{{"output", name}, {"times", times}};
  if (times % 5 == 0 && log.known(name, times) == Known::nothing) log.failed(times, result);
  const std::string content = std::to_string(times) + " whole " + std::to_string(output);
  log.begin_write(
      times, result,
      sha256_of({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}));
  const fs::path partial = folder / (name + ".partial");
  std::ofstream(partial) << content;
  fs::rename(partial, folder / name);
  log.done(times, result);
}

/// What the killed process does: rounds of a log opened, outputs made by several threads, and the
/// log closed. A byte into `progress` for each output. Ends only by a fault.
[[noreturn]] void work(const fs::path& folder, int progress) {
  try {
    for (;;) {
      ResultsLog log(folder, {});
      std::vector<std::jthread> running;
      for (int thread = 0; thread < threads; ++thread)
        running.emplace_back([&, thread] {
          for (int output = thread; output < outputs; output += threads) {
            make(log, folder, output);
            if (::write(progress, "x", 1) != 1) std::_Exit(2);
          }
        });
      running.clear();
      log.close();
    }
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(1);
  }
}

/// Every output's last making is known as done, and the next is not; no making is logged twice.
void check(const fs::path& folder) {
  {
    const ResultsLog log(folder, {});
    for (int output = 0; output < outputs; ++output) {
      const std::string name = name_of(output);
      const std::uint64_t times = times_made(folder / name);
      // a failure of the next making may be what was said last
      const bool has_failed = log.known(name, times + 1) == Known::failed;
      EXPECT_NE(log.known(name, times + 1), Known::done) << name;
      EXPECT_TRUE(!has_failed || (times + 1) % 5 == 0) << name;
      EXPECT_TRUE(has_failed || times == 0 || log.known(name, times) == Known::done) << name;
    }
  }
  std::ifstream file(folder / "results.jsonl");
  std::set<std::pair<std::string, std::uint64_t>> done;
  for (std::string line; std::getline(file, line);) {
    const auto result = parse_result_line(line);
    ASSERT_TRUE(result) << line;
    const bool is_new =
        result->status != Status::done || done.emplace(result->output, result->fingerprint).second;
    EXPECT_TRUE(is_new) << line;
  }
}

TEST(ResultsCrash, NothingIsLostDoubledOrTorn) {
  const TemporaryFolder folder;
  std::mt19937 random(11);  // NOLINT: the same every time
  for (int kill = 0; kill < kills; ++kill) {
    int progress[2];
    ASSERT_EQ(::pipe(progress), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) work(folder.path(), progress[1]);
    ::close(progress[1]);
    // after some outputs, wherever it is then
    char byte = 0;
    for (auto left = random() % 6; left > 0 && ::read(progress[0], &byte, 1) == 1;) --left;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2500));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(progress[0]);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the process ended by itself";
    check(folder.path());
    if (HasFailure()) FAIL() << "after kill " << kill;
  }

  ResultsLog(folder.path(), {}).close();
  std::ifstream file(folder / "results.jsonl");
  std::set<std::string> names;
  std::uint64_t made = 0;
  for (std::string line; std::getline(file, line);) {
    const auto result = parse_result_line(line).value();
    EXPECT_TRUE(names.insert(result.output).second) << "still superseded: " << line;
    made += result.fingerprint;
  }
  EXPECT_EQ(names.size(), outputs);
  EXPECT_GT(made, 2 * kills) << "hardly anything was made: the kills prove little";
}

}  // namespace
}  // namespace ip2p
