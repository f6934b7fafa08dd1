// safetensors_test.cpp - the header's bytes, and files that lie.
#include "ip2p/train/safetensors.h"

#include <cstring>

#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using Json = nlohmann::json;

/// A file with this header text and so many zeros of data.
Bytes file_of(const std::string& header, std::size_t data_bytes) {
  Bytes file(8 + header.size() + data_bytes);
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

Bytes file_of(const Json& header, std::size_t data_bytes) {
  return file_of(header.dump(), data_bytes);
}

Json tensor(const char* dtype, const Json& shape, const Json& offsets) {
  return {{"dtype", dtype}, {"shape", shape}, {"data_offsets", offsets}};
}

template <class... Parts>
void expect_refused(const Bytes& file, const Parts&... parts) {
  expect_error(
      Exit::file, [&] { parse_safetensors(file, "a.safetensors"); }, "a.safetensors", parts...);
}

TEST(Safetensors, AHeaderIsReadBack) {
  const std::vector<StoredTensor> tensors{
      {.name = "b \"quoted\"", .dtype = "F32", .shape = {2, 3}, .begin = 0, .end = 24},
      {.name = "scalar", .dtype = "I64", .shape = {}, .begin = 24, .end = 32},
      {.name = "empty", .dtype = "BF16", .shape = {0, 5}, .begin = 32, .end = 32}};
  const Json about{{"step", 7}, {"text", "\"\\ \xc3\xa9"}};
  Bytes file = safetensors_header(tensors, about);
  EXPECT_EQ(file.size() % 8, 0);
  EXPECT_EQ(file[8], '{');
  file.resize(file.size() + 32);

  const StoredFile stored = parse_safetensors(file, "a.safetensors");
  EXPECT_EQ(stored.about, about);
  EXPECT_EQ(stored.data.size(), 32);
  ASSERT_EQ(stored.tensors.size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(stored.tensors[i].name, tensors[i].name);
    EXPECT_EQ(stored.tensors[i].dtype, tensors[i].dtype);
    EXPECT_EQ(stored.tensors[i].shape, tensors[i].shape);
    EXPECT_EQ(stored.tensors[i].begin, tensors[i].begin);
    EXPECT_EQ(stored.tensors[i].end, tensors[i].end);
  }
}

TEST(Safetensors, OtherProgramsFilesHaveNothingToSay) {
  const Bytes file = file_of({{"__metadata__", {{"format", "pt"}}}}, 0);
  EXPECT_EQ(parse_safetensors(file, "a").about, Json::object());
  EXPECT_EQ(parse_safetensors(file_of(Json::object(), 0), "a").about, Json::object());
}

TEST(Safetensors, WhatIsCutShortIsRefused) {
  const Bytes whole = file_of({{"a", tensor("F32", {4}, {0, 16})}}, 16);
  for (std::size_t size = 0; size < whole.size(); ++size)
    expect_refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  expect_refused(Bytes(whole.begin(), whole.end() - 1), "cut short", "16", "15");
  expect_refused(Bytes(whole.begin(), whole.begin() + 20), "cut short", "header");
  expect_refused({}, "at least 8 bytes, got 0");
}

TEST(Safetensors, ALengthThatCannotBeIsRefused) {
  Bytes file = file_of(Json::object(), 0);
  std::fill_n(file.begin(), 8, std::uint8_t{0xff});
  expect_refused(file, "header of 18446744073709551615 bytes");
  expect_refused(Bytes(100, 'x'), "not a .safetensors file");
}

TEST(Safetensors, AHeaderThatIsNoObjectIsRefused) {
  for (const std::string header : {"", "[]", "{", "{\"a\":}", "null", "{} {}", "\xff\xfe"})
    expect_refused(file_of(header, 0), "not a .safetensors file");
  expect_refused(file_of({{"__metadata__", 5}}, 0), "__metadata__");
  for (const Json& about : {Json("text"), Json("[1]"), Json("{"), Json(5)})
    expect_refused(file_of({{"__metadata__", {{"ip2p", about}}}}, 0), "ip2p");
}

TEST(Safetensors, ATensorThatIsIncompleteIsRefused) {
  for (const Json& entry :
       {Json(5), Json::object(), Json{{"dtype", "F32"}, {"shape", {1}}},
        Json{{"dtype", 5}, {"shape", {1}}, {"data_offsets", {0, 4}}},
        Json{{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {0, 4}}, {"more", 1}}})
    expect_refused(file_of({{"name", entry}}, 4), "tensor name", "expected dtype");
  expect_refused(file_of({{"name", tensor("F31", {1}, {0, 4})}}, 4), "unknown dtype F31");
  for (const Json& shape : {Json(4), Json{-1}, Json{1.5}, Json{"1"}, Json{18446744073709551615U}})
    expect_refused(file_of({{"name", tensor("F32", shape, {0, 4})}}, 4), "shape is no list");
  for (const Json& offsets : {Json::array({0}), Json{0, 4, 8}})
    expect_refused(file_of({{"name", tensor("F32", {1}, offsets)}}, 4), "two data_offsets");
}

TEST(Safetensors, SizesThatDisagreeAreRefused) {
  expect_refused(file_of({{"a", tensor("F32", {2}, {0, 4})}}, 4), "need 8 bytes", "0 and 4");
  expect_refused(file_of({{"a", tensor("F32", {2}, {8, 0})}}, 8), "8 and 0");
  // 2^32 * 2^32 * 4 is 0 in 64 bits
  expect_refused(file_of({{"a", tensor("F32", {4294967296, 4294967296}, {0, 0})}}, 0),
                 "more than 2^64");
  // 2^64 - 8 bytes from 8 to 0: right but for the turn, and then the sizes add up to an empty file
  const std::uint64_t most = (1ULL << 61) - 1;
  expect_refused(
      file_of({{"a", tensor("U8", {8}, {0, 8})}, {"b", tensor("F64", {most}, {8, 0})}}, 0), "b");
  // a zero hides nothing before it
  expect_refused(file_of({{"a", tensor("F32", {4294967296, 4294967296, 0}, {0, 0})}}, 0),
                 "more than 2^64");
}

TEST(Safetensors, PlacesThatOverlapOrLeaveGapsAreRefused) {
  const Json first = tensor("F32", {2}, {0, 8});
  expect_refused(file_of({{"a", first}, {"b", tensor("F32", {2}, {4, 12})}}, 12), "tensor b");
  expect_refused(file_of({{"a", first}, {"b", tensor("F32", {2}, {12, 20})}}, 20), "tensor b");
  expect_refused(file_of({{"a", first}, {"b", first}}, 8), "tensor b");
  expect_refused(file_of({{"a", tensor("F32", {2}, {4, 12})}}, 12), "begins at byte 4");
  expect_refused(file_of({{"a", first}}, 9), "1 bytes after the last tensor");
  const std::uint64_t far = 1ULL << 62;
  expect_refused(file_of({{"a", tensor("U8", {far}, {0, far})}}, 8), "cut short");
}

TEST(Safetensors, ANameGivenTwiceIsRefused) {
  const std::string entry = tensor("F32", {1}, {0, 4}).dump();
  expect_refused(file_of("{\"a\":" + entry + ",\"a\":" + entry + "}", 4), "a twice");
}

TEST(Safetensors, NestingDoesNotExhaustTheStack) {
  expect_refused(file_of(std::string(1'000'000, '['), 0));
  expect_refused(
      file_of("{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}", 0));
}

TEST(Safetensors, WhatCannotBeWrittenIsSaid) {
  const StoredTensor tensor{.name = "a", .dtype = "U8", .shape = {0}, .begin = 0, .end = 0};
  expect_error(
      Exit::bug, [&] { safetensors_header({tensor, tensor}, Json::object()); }, "called a");
  StoredTensor strange = tensor;
  strange.name = "\xff";
  expect_error(Exit::file, [&] { safetensors_header({strange}, Json::object()); }, "UTF-8");
  expect_error(Exit::file, [&] { safetensors_header({tensor}, {{"path", "\xff"}}); }, "UTF-8");
}

}  // namespace
}  // namespace ip2p
