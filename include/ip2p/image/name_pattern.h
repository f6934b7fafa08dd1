// name_pattern.h - whether a file's name fits a pattern of `*`, `?` and `[...]`.
#pragma once

#include <string_view>

namespace ip2p {

/// Whether it has `*`, `?` or `[`.
bool has_wildcards(std::string_view pattern);

/// As a shell does it: `*` is any characters, `?` one, `[a-z]` one of those, `[!a-z]` (or `[^a-z]`)
/// one of the others; `]` counts as itself when it stands first, and `[` when nothing closes it. A
/// character is one of UTF-8, or a byte that is none.
bool fits(std::string_view name, std::string_view pattern);

}  // namespace ip2p
