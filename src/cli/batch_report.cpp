// batch_report.cpp - counts as words.
#include "batch_report.h"

#include <cstdio>
#include <iomanip>
#include <sstream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

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

}  // namespace

BatchProgress::BatchProgress(bool wanted, std::optional<std::uint64_t> all)
    : wanted_(wanted), terminal_(::isatty(STDERR_FILENO) == 1), all_(all) {}

BatchProgress::~BatchProgress() {
  clear();
}

void BatchProgress::clear() {
  if (dirty_) std::fputs("\r\033[K", stderr);
  dirty_ = false;
}

void BatchProgress::say(const std::string& doing) {
  if (!wanted_ || !terminal_) return;
  // A line that is wider than the terminal cannot be erased.
  std::fprintf(stderr, "\r\033[K%s", doing.substr(0, columns() - 1).c_str());
  std::fflush(stderr);
  dirty_ = true;
}

void BatchProgress::add(const BatchEvent& event) {
  if (event.failed) {
    ++failed_[event.result.at("kind").get<std::string>()];
    clear();
    log::warn(event.result.at("error").get<std::string>());
  } else {
    ++done_;
  }
  const Clock::time_point now = Clock::now();
  if (now - shown_ < (terminal_ ? Clock::duration(redraw_every) : Clock::duration(log_every)))
    return;
  shown_ = now;
  if (!wanted_) return;
  if (terminal_)
    say(words());
  else
    log::info(words());
}

std::string BatchProgress::failures() const {
  std::string words;
  for (const auto& [kind, count] : failed_)
    words += text(words.empty() ? "" : ", ", count, " ", kind);
  return words;
}

std::string BatchProgress::words() const {
  std::uint64_t failed = 0;
  for (const auto& [kind, count] : failed_) failed += count;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  const auto tried = static_cast<double>(done_ + failed);
  std::ostringstream line;
  line << done_;
  if (all_) line << " of " << *all_;
  line << " done";
  if (failed > 0) line << ", " << failed << " failed";
  line << ", " << std::setprecision(3) << tried / seconds << " pictures a second";
  if (all_ && tried > 0)
    line << ", " << time_left((static_cast<double>(*all_) - tried) * seconds / tried);
  return line.str();
}

}  // namespace ip2p::cli
