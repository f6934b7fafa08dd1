// result_line.h - what became of one output, as a line of results.jsonl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ip2p/base/files.h"

namespace ip2p {

/// failed_kept: and what an earlier run made is still there.
enum class Status { done, failed, failed_kept };

/// What the log itself reads of a line.
struct ResultLine {
  std::string output;  ///< its bytes as the file system has them
  std::uint64_t fingerprint = 0;
  Status status = Status::failed;
  std::int64_t time_ms = 0;  ///< since 1970
};

/// The line, with its newline: output, fingerprint, status ("done" or "failed"), "kept": true where
/// an earlier output stays, time, then the rest of `result`.
/// Strings that are not UTF-8 are escaped as ResultsLog's header says. Error{bug} without an
/// "output".
std::string result_line(const nlohmann::ordered_json& result, std::uint64_t fingerprint,
                        Status status, std::int64_t time_ms);

/// nullopt for a line (without its newline) that is no result.
std::optional<ResultLine> parse_result_line(std::string_view line);

/// Error{file} for a line that `parse_result_line` does not take.
[[noreturn]] void throw_no_result(const fs::path& path, std::uint64_t line_number);

/// What stands for an output where there are millions.
std::uint64_t output_hash(std::string_view output);

/// Any bytes as UTF-8 text, and back. Bytes that are not UTF-8, and NUL, become NUL and their two
/// hexadecimal digits: no path has a NUL, so every other path is written as it is.
std::string escaped_bytes(std::string_view bytes);
std::string unescaped_bytes(std::string_view escaped);

}  // namespace ip2p
