// text_table.h - columns for a terminal.
#pragma once

#include <string>
#include <vector>

namespace ip2p::cli {

/// Lines of cells, each column as wide as its widest; of a row that is shorter than the first, the
/// last cell takes the rest of the line.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace ip2p::cli
