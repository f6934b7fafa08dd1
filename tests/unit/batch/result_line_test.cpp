// result_line_test.cpp - any result out and in again, and lines that other programs wrote.
#include "result_line.h"

#include <gtest/gtest.h>

#include "ip2p/base/json_text.h"

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using Json = nlohmann::ordered_json;
using namespace std::string_literals;

constexpr std::int64_t some_time = 1'795'442'321'007;

ResultLine there_and_back(const Json& result, std::uint64_t fingerprint, Status status) {
  const std::string line = result_line(result, fingerprint, status, some_time);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  // as it is written, and as a JSON parser sees it
  const auto read = parse_result_line(std::string_view(line).substr(0, line.size() - 1));
  Json json = parse_json<Json>(line);
  json["zzz"] = 1;
  const auto read_again = parse_result_line("  " + json.dump(1) + " ");
  if (!read || !read_again) throw std::runtime_error("not read: " + line);
  EXPECT_EQ(read->output, read_again->output);
  EXPECT_EQ(read->fingerprint, read_again->fingerprint);
  EXPECT_EQ(read->status, read_again->status);
  EXPECT_EQ(read->time_ms, read_again->time_ms);
  return *read;
}

TEST(ResultLine, SaysWhatAReaderNeedsFirst) {
  const Json result{{"input", "in/a.png"},
                    {"output", "a.png"},
                    {"seconds", {{"decode", 0.5}}},
                    {"status", "what the log says counts"}};
  EXPECT_EQ(result_line(result, 0xab, Status::done, some_time),
            R"({"output":"a.png","fingerprint":"00000000000000ab","status":"done",)"
            R"("time":"2026-11-23T13:58:41.007Z","input":"in/a.png","seconds":{"decode":0.5}})"
            "\n");
}

TEST(ResultLine, ComesBack) {
  for (const std::uint64_t fingerprint : {std::uint64_t{0}, std::uint64_t{77}, ~std::uint64_t{0}})
    for (const Status status : {Status::done, Status::failed}) {
      const ResultLine read = there_and_back({{"output", "a/b.png"}}, fingerprint, status);
      EXPECT_EQ(read.output, "a/b.png");
      EXPECT_EQ(read.fingerprint, fingerprint);
      EXPECT_EQ(read.status, status);
      EXPECT_EQ(read.time_ms, some_time);
    }
}

TEST(ResultLine, NamesOfAnyBytesComeBack) {
  std::string every_byte;
  for (int byte = 1; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  for (const std::string& name :
       {every_byte, "caf\xe9.png"s, "\xc3\xa9.png"s, "\xff"s, "a\"b\\\"c\\"s, "line\nbreak"s,
        "\xed\xa0\x80"s, "\xc0\x80"s, "\xf4\x90\x80\x80"s, "\xe2\x82"s, "\xf0\x9f\x98\x80"s,
        R"("},"status":"failed)"s, "100%\\u0000e9"s})
    EXPECT_EQ(there_and_back({{"output", name}, {"input", name}, {"error", {name, name}}}, 1,
                             Status::done)
                  .output,
              name);
}

TEST(ResultLine, NamesThatAreTextAreWrittenAsTheyAre) {
  EXPECT_EQ(escaped_bytes("100%/\xc3\xa9\xf0\x9f\x98\x80.png"),
            "100%/\xc3\xa9\xf0\x9f\x98\x80.png");
  EXPECT_EQ(escaped_bytes("caf\xe9"), "caf\0e9"s);
  EXPECT_EQ(unescaped_bytes(escaped_bytes("a\0b\xff"s)), "a\0b\xff"s);
  EXPECT_EQ(unescaped_bytes("cut\0e"s), "cut\0e"s);
}

TEST(ResultLine, EverythingElseIsNone) {
  const std::string good = result_line({{"output", "a"}}, 1, Status::done, some_time);
  for (std::size_t length = 0; length + 1 < good.size(); ++length)
    EXPECT_FALSE(parse_result_line(good.substr(0, length).c_str())) << length;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string line = good.substr(0, good.size() - 1);
    return line.replace(line.find(from), from.size(), to);
  };
  EXPECT_TRUE(parse_result_line(changed(",\"status", ", \"status")));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"\"a\"", "\"\""},
                                                        {"\"a\"", "7"},
                                                        {"\"a\"", "\"\\ud800\""},
                                                        {"0000000000000001", "000000000000001"},
                                                        {"0000000000000001", "00000000000000x1"},
                                                        {"0000000000000001", "-000000000000001"},
                                                        {"done", "doing"},
                                                        {"2026-11-23", "2026-11-31"},
                                                        {"2026-11-23", "2026-11-2x"},
                                                        {"time", "tide"},
                                                        {"}", "},"}})
    EXPECT_FALSE(parse_result_line(changed(from, to))) << from << " " << to;
  for (const char* line : {"", "[]", "null", "{}", "\"output\""})
    EXPECT_FALSE(parse_result_line(line)) << line;
  EXPECT_FALSE(parse_result_line(std::string(100'000, '[')));
}

TEST(ResultLine, ItNeedsAnOutput) {
  for (const Json& result : {Json{{"input", "a"}}, Json{{"output", 7}}, Json{{"output", ""}}})
    expect_error(
        Exit::bug, [&] { (void)result_line(result, 1, Status::done, some_time); }, "no output");
}

}  // namespace
}  // namespace ip2p
