// log.h - text for people, on stderr. Results never come this way: they go to stdout.
#pragma once

#include <string>

namespace ip2p::log {

enum class Level { debug, info, warning, error, off };

/// Messages below this level are not written. The program sets it once, before anything else runs.
void set_level(Level level);

void debug(const std::string& sentence);
void info(const std::string& sentence);
void warn(const std::string& sentence);
void error(const std::string& sentence);

}  // namespace ip2p::log
