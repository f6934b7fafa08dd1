// batch_report.cpp - counts as words.
#include "batch_report.h"

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/model/devices.h"

#include "progress.h"

namespace ip2p::cli {
namespace {

constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr auto log_every = std::chrono::seconds(30);

/// Columns of the terminal now; it may have been resized.
std::size_t columns() {
  winsize size{};
  constexpr std::size_t usual = 80;
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual;
  return size.ws_col;
}

/// Of the device that is fullest: ", 3.2 GiB of 24.0 GiB".
std::string memory_words(const std::vector<std::string>& devices) {
  std::string words;
  double fullest = 0;
  for (const std::string& device : devices) {
    const std::optional<DeviceMemory> memory = device_memory(device);
    if (!memory || memory->all == 0) continue;
    const double share = static_cast<double>(memory->used) / static_cast<double>(memory->all);
    if (share <= fullest) continue;
    fullest = share;
    words = text(", ", gibibytes(memory->used), " of ", gibibytes(memory->all));
  }
  return words;
}

}  // namespace

std::string counted(std::uint64_t count, const std::string& thing) {
  return text(count, ' ', thing, count == 1 ? "" : "s");
}

BatchReport::BatchReport(const BatchFlags& flags, std::optional<std::uint64_t> all)
    : flags_(flags),
      terminal_(::isatty(STDERR_FILENO) == 1),
      prints_to_terminal_(::isatty(STDOUT_FILENO) == 1),
      all_(all) {}

BatchReport::~BatchReport() {
  erase_line();
}

void BatchReport::say(const std::string& doing) {
  if (flags_.quiet || !terminal_) return;
  // A line that is wider than the terminal cannot be erased.
  std::fprintf(stderr, "\r\033[K%s", doing.substr(0, columns() - 1).c_str());
  std::fflush(stderr);
  dirty_ = true;
}

void BatchReport::clear() {
  const std::lock_guard lock(mutex_);
  erase_line();
}

void BatchReport::erase_line() {
  if (dirty_) std::fputs("\r\033[K", stderr);
  dirty_ = false;
}

void BatchReport::start(const std::vector<std::string>& devices) {
  const std::lock_guard lock(mutex_);
  erase_line();
  devices_ = devices;
  begin_ = shown_ = Clock::now();
}

void BatchReport::ended(const BatchEvent& event, std::uint64_t done_before,
                        std::uint64_t failed_before) {
  const std::lock_guard lock(mutex_);
  done_before_ = done_before;
  failed_before_ = failed_before;
  if (event.failed) {
    ++failed_[event.result.at("kind").get<std::string>()];
    erase_line();
    log::warn(event.result.at("error").get<std::string>());
  } else {
    ++done_;
  }
  if (flags_.json)
    print(event.result, event.task.path);
  else if (!event.failed)
    print(event.task.path.string());
  show_progress();
}

void BatchReport::passed_over(const BatchTask& task, Standing standing) {
  const std::lock_guard lock(mutex_);
  const bool done = standing == Standing::done;
  if (flags_.json)
    print({{"output", task.output},
           {"status", done ? "done" : "failed"},
           {"before", true},
           {"input", task.item.input.string()},
           {"instruction", task.request.instruction}},
          task.path);
  else if (done)
    print(task.path.string());
}

void BatchReport::refused(const Error& error) {
  const std::lock_guard lock(mutex_);
  ++failed_["usage"];
  erase_line();
  log::warn(error.what());
  if (flags_.json)
    print(
        nlohmann::ordered_json(
            {{"output", nullptr}, {"status", "failed"}, {"kind", "usage"}, {"error", error.what()}})
            .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void BatchReport::print(nlohmann::ordered_json result, const fs::path& path) {
  result["path"] = path.string();
  print(result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void BatchReport::print(const std::string& line) {
  if (prints_to_terminal_) erase_line();
  std::cout << line << std::endl;
  if (!std::cout) stdout_closed_ = true;
}

void BatchReport::show_progress() {
  const Clock::time_point now = Clock::now();
  if (flags_.quiet ||
      now - shown_ < (terminal_ ? Clock::duration(redraw_every) : Clock::duration(log_every)))
    return;
  shown_ = now;
  if (terminal_)
    say(words());
  else
    log::info(words());
}

std::string BatchReport::failures() const {
  const std::lock_guard lock(mutex_);
  std::string words;
  for (const auto& [kind, count] : failed_)
    words += text(words.empty() ? "" : ", ", kind, ": ", count);
  return words;
}

std::string BatchReport::words() const {
  std::uint64_t failed = 0;
  for (const auto& [kind, count] : failed_) failed += count;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  const auto tried = static_cast<double>(done_ + failed);
  std::ostringstream line;
  line << done_ + done_before_;
  if (all_) line << " of " << *all_;
  line << " done";
  if (failed > 0) line << ", " << failed << " failed";
  line << ", " << std::setprecision(3) << tried / seconds << " pictures a second";
  if (all_ && tried > 0) {
    const auto to_do = static_cast<double>(*all_ - done_before_ - failed_before_);
    line << ", " << time_left((to_do - tried) * seconds / tried);
  }
  line << memory_words(devices_);
  return line.str();
}

}  // namespace ip2p::cli
