// log.h - text for people, on stderr. Results never come this way: they go to stdout.
#pragma once

#include <functional>
#include <string>

namespace ip2p::log {

enum class Level { debug, info, warning, error, off };

/// Messages below this level are not written. The program sets it once, before anything else runs.
void set_level(Level level);

/// Called with every warning and error, also those below the level, before they are written. Tests
/// use it to fail on a warning that they did not ask for. One at a time; an empty function removes
/// it.
void set_observer(std::function<void(Level, const std::string&)> observer);

void debug(const std::string& sentence);
void info(const std::string& sentence);
void warn(const std::string& sentence);
void error(const std::string& sentence);

}  // namespace ip2p::log
