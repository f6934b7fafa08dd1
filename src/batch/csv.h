// csv.h - records of comma-separated values (RFC 4180), one after another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text_source.h"

namespace ip2p {

/// Cells are bytes as they stand in the file; a line end within quotes belongs to its cell. Records
/// end with LF or CRLF; empty lines are passed over.
class CsvReader {
 public:
  explicit CsvReader(const fs::path& path) : source_(path) {}

  /// The next record into `cells`; false at the end. Error{usage} for quotes that do not pair and
  /// for a record that is too long; it says no place, `line()` does.
  bool next(std::vector<std::string>& cells);
  /// The line at which the last record begins, from 1.
  [[nodiscard]] std::uint64_t line() const { return line_; }

 private:
  enum class Ending { cell, record, file };
  void append(std::string& cell, int byte);
  void read_quoted(std::string& cell);
  Ending read_cell(std::string& cell);

  TextSource source_;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_ = 1;
  std::size_t record_bytes_ = 0;
};

}  // namespace ip2p
