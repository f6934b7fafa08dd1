// rewrites.cpp - the list as the command line spells it.
#include "ip2p/model/rewrites.h"

#include <algorithm>

#include "ip2p/base/error.h"

namespace ip2p {

Rewrites all_rewrites() {
  return {rewrite_names.begin(), rewrite_names.end()};
}

std::string rewrite_list() {
  std::string list;
  for (const std::string_view name : rewrite_names)
    list += (list.empty() ? "" : ",") + std::string(name);
  return list;
}

Rewrites read_rewrites(const std::string& names) {
  if (names == "all") return all_rewrites();
  Rewrites found;
  if (names == "none") return found;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = std::string_view(names).substr(begin, end - begin);
    const auto* const known = std::ranges::find(rewrite_names, name);
    if (known == rewrite_names.end())
      throw Error(Exit::usage, text("unknown rewrite \"", name, "\"; known: all, none, or some of ",
                                    rewrite_list(), " with commas between them"));
    found.insert(*known);
    begin = end + 1;
  }
  return found;
}

}  // namespace ip2p
