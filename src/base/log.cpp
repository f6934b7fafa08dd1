// log.cpp - the one file that knows spdlog. It is compiled without libtorch's include folder, whose
// bundled fmt is not the one spdlog was built for.
#include "ip2p/base/log.h"

#include <memory>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace ip2p::log {
namespace {

// A logger cannot be passed through every call that may warn, so this file holds the only objects
// of static lifetime. The logger is thread-safe.
spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = spdlog::stderr_color_mt("ip2p");
    // on a terminal, a line of progress may stand where this one is to begin
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    made->set_pattern(terminal ? "\r\033[K%n: %^%l%$: %v" : "%n: %^%l%$: %v");
    return made;
  }();
  return *instance;
}

std::function<void(Level, const std::string&)>& observer() {
  static std::function<void(Level, const std::string&)> instance;
  return instance;
}

void report(Level level, const std::string& sentence) {
  if (observer()) observer()(level, sentence);
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

void set_level(Level level) {
  logger().set_level(spdlog_level(level));
}

void set_observer(std::function<void(Level, const std::string&)> function) {
  observer() = std::move(function);
}

void debug(const std::string& sentence) {
  logger().debug("{}", sentence);
}
void info(const std::string& sentence) {
  logger().info("{}", sentence);
}

void warn(const std::string& sentence) {
  report(Level::warning, sentence);
  logger().warn("{}", sentence);
}

void error(const std::string& sentence) {
  report(Level::error, sentence);
  logger().error("{}", sentence);
}

}  // namespace ip2p::log
