// csv.cpp - RFC 4180 read strictly: a file that does not keep to it may mean something else.
#include "csv.h"

#include "ip2p/base/error.h"

namespace ip2p {

void CsvReader::append(std::string& cell, int byte) {
  if (++record_bytes_ > longest_line_bytes)
    throw Error(Exit::usage, text("the line has more than ", longest_line_bytes,
                                  " bytes; is a quote not closed?"));
  if (byte == '\n') ++next_line_;
  cell += static_cast<char>(byte);
}

/// From behind the opening quote to behind the closing one.
void CsvReader::read_quoted(std::string& cell) {
  for (;;) {
    const int byte = source_.get();
    if (byte == TextSource::end)
      throw Error(Exit::usage, "a cell's quote is not closed before the file ends; close it");
    if (byte != '"') {
      append(cell, byte);
    } else if (source_.peek() == '"') {
      append(cell, source_.get());
    } else {
      return;
    }
  }
}

CsvReader::Ending CsvReader::read_cell(std::string& cell) {
  const bool quoted = source_.peek() == '"';
  if (quoted) {
    source_.get();
    read_quoted(cell);
  }
  for (;;) {
    const int byte = source_.get();
    if (byte == TextSource::end) return Ending::file;
    if (byte == ',') return Ending::cell;
    if (byte == '\n' || (byte == '\r' && source_.peek() == '\n')) {
      if (byte == '\r') source_.get();
      ++next_line_;
      return Ending::record;
    }
    if (quoted)
      throw Error(Exit::usage,
                  "expected a comma or the line's end behind a cell's closing quote; write a quote "
                  "within a cell twice");
    if (byte == '"')
      throw Error(Exit::usage,
                  "a quote stands within a cell that does not begin with one; put the cell in "
                  "quotes and write the quote twice");
    append(cell, byte);
  }
}

bool CsvReader::next(std::vector<std::string>& cells) {
  while (source_.peek() != TextSource::end) {
    line_ = next_line_;
    record_bytes_ = 0;
    cells.clear();
    while (read_cell(cells.emplace_back()) == Ending::cell) {
    }
    if (cells.size() > 1 || !cells.front().empty()) return true;
  }
  return false;
}

}  // namespace ip2p
