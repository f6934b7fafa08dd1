// record_test.cpp - what is written into a picture can be read back, and nothing else can.
#include "ip2p/edit/record.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ip2p/base/error.h"

namespace ip2p::test {
namespace {

EditRecord example() {
  return {.request = {.instruction = "make it \"snow\" \u2603", .options = resolve({}, {})},
          .input = "photo.jpg",
          .input_hash = std::string(64, 'b'),
          .bundle = "demo",
          .bundle_hash = std::string(64, 'a'),
          .device = "cpu",
          .dtype = "bfloat16",
          .version = "0.1.0"};
}

TEST(EditRecord, ComesBackAsItWas) {
  const EditRecord read = EditRecord::from_json(example().to_json(), "out.png");
  EXPECT_EQ(read.to_json(), example().to_json());
  EXPECT_EQ(read.request.instruction, example().request.instruction);
  EXPECT_EQ(read.dtype, "bfloat16");
}

TEST(EditRecord, EveryKeyIsNeededAndNoOtherIsKnown) {
  const auto whole = nlohmann::json::parse(example().to_json());
  for (const auto& [key, value] : whole.items()) {
    auto less = whole;
    less.erase(key);
    EXPECT_THROW((void)EditRecord::from_json(less.dump(), "out.png"), Error) << "without " << key;
  }
  auto more = whole;
  more["strength"] = 1;
  EXPECT_THROW((void)EditRecord::from_json(more.dump(), "out.png"), Error);
}

TEST(EditRecord, WhatIsNoRecordNamesThePicture) {
  for (const char* text : {"", "[]", "{}", "null", "{\"record\": 2}", "not json"}) {
    try {
      (void)EditRecord::from_json(text, "out.png");
      ADD_FAILURE() << "took " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit(), Exit::file);
      EXPECT_THAT(error.what(), testing::HasSubstr("out.png"));
    }
  }
}

}  // namespace
}  // namespace ip2p::test
