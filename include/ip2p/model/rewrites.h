// rewrites.h - which parts of a network are computed in a faster way than its archive says.
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>

namespace ip2p {

/// What can be asked for. All of them change sums in their last digits only: pictures stay within
/// 1/255 of what the archive makes in float32 (tests/matched).
inline constexpr std::array<std::string_view, 2> rewrite_names{"convolutions", "linears"};

/// Names of `rewrite_names`; empty: the archive runs as it is.
using Rewrites = std::set<std::string_view>;

/// Every one.
Rewrites all_rewrites();

/// Their names, with commas between.
std::string rewrite_list();

/// Of "all", "none", or some names with commas between. Error{usage} for a name that is none.
Rewrites read_rewrites(const std::string& names);

}  // namespace ip2p
