// result_line.cpp - JSON out, and in without a JSON parser for lines as they are written here.
#include "result_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>

#include "ip2p/base/error.h"
#include "ip2p/base/json_text.h"

namespace ip2p {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view time_pattern = "dddd-dd-ddTdd:dd:dd.dddZ";

const char* name(Status status) {
  return status == Status::done ? "done" : "failed";
}

std::string hex16(std::uint64_t value) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value));
  return digits.data();
}

std::optional<std::uint64_t> number(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string time_text(std::int64_t time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(time_ms)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::array<char, 48> out{};
  std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out.data();
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != time_pattern.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (time_pattern[i] == 'd' ? !is_digit : text[i] != time_pattern[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t begin, std::size_t length) {
    return static_cast<unsigned>(number(text.substr(begin, length), 10).value_or(0));
  };
  const year_month_day date(year(static_cast<int>(part(0, 4))), month(part(5, 2)), day(part(8, 2)));
  if (!date.ok()) return std::nullopt;
  const auto time = sys_days(date) + hours(part(11, 2)) + minutes(part(14, 2)) +
                    seconds(part(17, 2)) + milliseconds(part(20, 3));
  return time.time_since_epoch().count();
}

/// Length of the UTF-8 character that `bytes` begin with; 0 when it is none (Unicode, table 3-7).
std::size_t character_bytes(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < bytes.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF)
    return follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3
                                                                                              : 0;
  if (first >= 0xF0 && first <= 0xF4)
    return follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) &&
                   follows(3)
               ? 4
               : 0;
  return 0;
}

/// Every string of `json` as UTF-8.
void escape_strings(Json& json) {
  if (json.is_string()) {
    json = escaped_bytes(json.get_ref<const std::string&>());
  } else if (json.is_structured()) {
    for (Json& value : json) escape_strings(value);
  }
}

/// Takes `expected` off the front of `text`.
bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// Takes a JSON string's inside and the quote after it off the front of `text`.
std::optional<std::string> take_string(std::string_view& text) {
  std::size_t end = 0;
  bool has_escapes = false;
  while (end < text.size() && text[end] != '"') {
    const bool is_escape = text[end] == '\\';
    has_escapes |= is_escape;
    end += is_escape ? 2 : 1;
  }
  if (end >= text.size()) return std::nullopt;
  const std::string_view inside = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!has_escapes) return std::string(inside);
  const Json json = Json::parse('"' + std::string(inside) + '"', nullptr,
                                /*allow_exceptions=*/false);
  if (!json.is_string()) return std::nullopt;
  return unescaped_bytes(json.get_ref<const std::string&>());
}

/// A line as `result_line` begins it. What follows is not read: ten million lines take seconds so,
/// and minutes as JSON.
std::optional<ResultLine> parse_as_written(std::string_view line) {
  ResultLine result;
  if (!line.ends_with('}') || !take(line, R"({"output":")")) return std::nullopt;
  std::optional<std::string> output = take_string(line);
  if (!output || output->empty() || !take(line, R"(,"fingerprint":")")) return std::nullopt;
  const auto fingerprint = number(line.substr(0, 16), 16);
  line.remove_prefix(std::min<std::size_t>(line.size(), 16));
  if (!fingerprint || !take(line, R"(","status":")")) return std::nullopt;
  if (take(line, R"(done","time":")"))
    result.status = Status::done;
  else if (take(line, R"(failed","kept":true,"time":")"))
    result.status = Status::failed_kept;
  else if (!take(line, R"(failed","time":")"))
    return std::nullopt;
  const auto time = parse_time(line.substr(0, time_pattern.size()));
  line.remove_prefix(std::min(line.size(), time_pattern.size()));
  if (!time || !(line.starts_with("\",\"") || line == "\"}")) return std::nullopt;
  result.output = std::move(*output);
  result.fingerprint = *fingerprint;
  result.time_ms = *time;
  return result;
}

/// A line that another program has written again, with spaces or in another order.
std::optional<ResultLine> parse_any(std::string_view line) {
  Json json;
  try {
    json = parse_json<Json>(line);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (!json.is_object()) return std::nullopt;
  const auto string = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string digits = string("fingerprint");
  const std::string status = string("status");
  const auto kept = json.find("kept");
  const bool is_kept = kept != json.end() && kept->is_boolean() && kept->get<bool>();
  const auto fingerprint = number(digits, 16);
  const auto time = parse_time(string("time"));
  if (string("output").empty() || digits.size() != 16 || !fingerprint || !time ||
      (status != "done" && status != "failed"))
    return std::nullopt;
  return ResultLine{.output = unescaped_bytes(string("output")),
                    .fingerprint = *fingerprint,
                    .status = status == "done" ? Status::done
                              : is_kept        ? Status::failed_kept
                                               : Status::failed,
                    .time_ms = *time};
}

}  // namespace

std::string result_line(const Json& result, std::uint64_t fingerprint, Status status,
                        std::int64_t time_ms) {
  const auto output = result.find("output");
  if (output == result.end() || !output->is_string() ||
      output->get_ref<const std::string&>().empty())
    throw Error(Exit::bug, "a result has no output");
  // In this order, so that a reader finds them without parsing the rest.
  Json line{{"output", *output}, {"fingerprint", hex16(fingerprint)}, {"status", name(status)}};
  if (status == Status::failed_kept) line["kept"] = true;
  line["time"] = time_text(time_ms);
  for (const auto& [key, value] : result.items())
    if (!line.contains(key)) line[key] = value;
  escape_strings(line);
  return line.dump() + '\n';
}

std::optional<ResultLine> parse_result_line(std::string_view line) {
  std::optional<ResultLine> result = parse_as_written(line);
  return result ? result : parse_any(line);
}

void throw_no_result(const fs::path& path, std::uint64_t line_number) {
  throw Error(Exit::file, text(path, ": line ", line_number,
                               " is no result of a batch; correct or move the file, or give "
                               "another output folder"));
}

std::uint64_t output_hash(std::string_view output) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char character : output)
    hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccd;  // names differ in few bits: mix
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33U);
}

std::string escaped_bytes(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  while (!bytes.empty()) {
    const std::size_t length = bytes[0] == '\0' ? 0 : character_bytes(bytes);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[0]);
      out += '\0';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string unescaped_bytes(std::string_view escaped) {
  std::string out;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const auto byte = escaped[i] == '\0' && i + 2 < escaped.size()
                          ? number(escaped.substr(i + 1, 2), 16)
                          : std::nullopt;
    out += byte ? static_cast<char>(*byte) : escaped[i];
    if (byte) i += 2;
  }
  return out;
}

}  // namespace ip2p
