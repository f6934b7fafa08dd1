// text_table.cpp - widths first, then the cells.
#include "text_table.h"

#include <algorithm>

namespace ip2p::cli {
namespace {

/// Characters of UTF-8, which is near enough to columns.
std::size_t columns(const std::string& cell) {
  return static_cast<std::size_t>(
      std::ranges::count_if(cell, [](unsigned char byte) { return (byte & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows.front().size());
  const auto spans_rest = [&](const std::vector<std::string>& row, std::size_t column) {
    return column + 1 == row.size() && row.size() < widths.size();
  };
  for (const std::vector<std::string>& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      if (!spans_rest(row, i)) widths[i] = std::max(widths[i], columns(row[i]));
  std::string table;
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      table += row[i];
      if (i + 1 < row.size()) table += std::string(widths[i] - columns(row[i]) + 2, ' ');
    }
    table += '\n';
  }
  return table;
}

}  // namespace ip2p::cli
