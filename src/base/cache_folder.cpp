// cache_folder.cpp - two variables, in their order.
#include "ip2p/base/cache_folder.h"

#include <cstdlib>

namespace ip2p {

fs::path cache_folder() {
  const auto named = [](const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? fs::path() : fs::path(value);
  };
  if (const fs::path cache = named("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "ip2p";
  if (const fs::path home = named("HOME"); home.is_absolute()) return home / ".cache/ip2p";
  return {};
}

}  // namespace ip2p
