// example_test.cpp - three layouts of a data set, and where in them a mistake is.
#include "ip2p/train/example.h"

#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using testing::ElementsAre;

class Examples : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view content) {
    fs::create_directories((root() / name).parent_path());
    write_atomically(
        root() / name,
        ByteSpan(reinterpret_cast<const std::uint8_t*>(content.data()), content.size()),
        Existing::replace);
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  std::vector<Example> read(const std::string& name = "") { return read_examples(root() / name); }
  void expect_refused_line(const std::string& line, const std::string& sentence) {
    put("metadata.jsonl", R"({"input_image": "a.png", "edited_image": "b.png", "edit_prompt": "x"})"
                          "\n\n" +
                              line);
    expect_error(Exit::file, [&] { read(); }, "metadata.jsonl\" line 3", sentence);
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(Examples, OfAnImageFolder) {
  put("metadata.jsonl",
      "\xef\xbb\xbf"
      R"({"input_image": "in/a.png", "edited_image": "b.png", "edit_prompt": "make it snow", "id": 7})"
      "\r\n\r\n"
      R"({"input_image": "für/雪.png", "edited_image": "/abs/c.png", "edit_prompt": ["a", "b"], "whole": true})");
  const auto examples = read();
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].input, root() / "in/a.png");
  EXPECT_EQ(examples[0].edited, root() / "b.png");
  EXPECT_THAT(examples[0].instructions, ElementsAre("make it snow"));
  EXPECT_FALSE(examples[0].whole);
  EXPECT_EQ(examples[1].input, root() / "für/雪.png");
  EXPECT_EQ(examples[1].edited, "/abs/c.png");
  EXPECT_THAT(examples[1].instructions, ElementsAre("a", "b"));
  EXPECT_TRUE(examples[1].whole);
}

TEST_F(Examples, OfAFileOfLines) {
  put("sub/some.jsonl", R"({"input_image": "a.png", "edited_image": "b.png", "edit_prompt": "x"})");
  const auto examples = read("sub/some.jsonl");
  ASSERT_EQ(examples.size(), 1U);
  EXPECT_EQ(examples[0].input, root() / "sub/a.png");
}

TEST_F(Examples, WithMistakesNameTheLine) {
  expect_refused_line("{", "not valid JSON");
  expect_refused_line("[1]", "expected an object, got [1]");
  expect_refused_line(R"({"edited_image": "b", "edit_prompt": "x"})", "input_image is missing");
  expect_refused_line(R"({"input_image": "a", "edited_image": 3, "edit_prompt": "x"})",
                      "edited_image: expected text, got 3");
  expect_refused_line(R"({"input_image": "a", "edited_image": "b"})", "edit_prompt is missing");
  for (const char* prompt : {R"(" ")", "[]", "[3]", R"(["a", ""])", "null"})
    expect_refused_line(
        std::string(R"({"input_image": "a", "edited_image": "b", "edit_prompt": )") + prompt + "}",
        "edit_prompt: expected an instruction or a list of them");
  expect_refused_line(
      R"({"input_image": "a", "edited_image": "b", "edit_prompt": "x", "whole": 1})",
      "whole: expected true or false, got 1");
}

TEST_F(Examples, OfTheOriginalsLayout) {
  put("seeds.json", R"([["0002", ["11", 12]], ["0001", ["7"]], ["empty", []]])");
  put("0001/prompt.json", R"({"input": "a dog", "edit": "make it a cat", "output": "a cat"})");
  put("0002/prompt.json", R"({"caption": "a", "edit": "b", "output": "c"})");
  const auto examples = read();
  ASSERT_EQ(examples.size(), 3U);
  EXPECT_EQ(examples[0].input, root() / "0002/11_0.jpg");
  EXPECT_EQ(examples[0].edited, root() / "0002/11_1.jpg");
  EXPECT_EQ(examples[1].input, root() / "0002/12_0.jpg");
  EXPECT_EQ(examples[2].input, root() / "0001/7_0.jpg");
  EXPECT_THAT(examples[2].instructions, ElementsAre("make it a cat"));
}

TEST_F(Examples, OfTheOriginalsLayoutWithMistakes) {
  put("0001/prompt.json", R"({"input": "a dog"})");
  put("seeds.json", R"([["0001", ["1"]]])");
  expect_error(Exit::file, [&] { read(); }, "0001/prompt.json", "edit is missing");
  put("seeds.json", R"([["0003", ["1"]]])");
  expect_error(Exit::file, [&] { read(); }, "0003/prompt.json");
  put("seeds.json", R"([["0001", []], ["0001"]])");
  expect_error(Exit::file, [&] { read(); }, "seeds.json\" entry 2", "[folder, [seed, ...]]");
  put("seeds.json", R"([["0001", [1.5]]])");
  expect_error(Exit::file, [&] { read(); }, "entry 1", "a seed: expected text or a whole number");
  put("seeds.json", R"({})");
  expect_error(Exit::file, [&] { read(); }, "seeds.json", "expected a list");
  put("seeds.json", "[\n[,]]");
  expect_error(Exit::file, [&] { read(); }, "seeds.json", "line 2");
}

TEST_F(Examples, OfFoldersWithoutAListOfSeeds) {
  for (const char* name : {"b", "a", "雪"})
    put(name + std::string("/prompt.json"), R"({"edit": "x"})");
  for (const char* name : {"b/2_0.jpg", "b/2_1.jpg", "b/1_0.jpg", "b/1_1.jpg", "b/3_0.jpg",
                           "b/4_1.jpg", "a/9_0.jpg", "雪/5_0.jpg", "雪/5_1.jpg", "other/1_0.jpg"})
    put(name, "");
  const auto examples = read();
  ASSERT_EQ(examples.size(), 3U);
  EXPECT_EQ(examples[0].input, root() / "b/1_0.jpg");
  EXPECT_EQ(examples[1].edited, root() / "b/2_1.jpg");
  EXPECT_EQ(examples[2].input, root() / "雪/5_0.jpg");
}

TEST_F(Examples, MustBeThere) {
  expect_error(Exit::file, [&] { read(); }, "no examples", "metadata.jsonl");
  put("metadata.jsonl", "\n \n");
  expect_error(Exit::file, [&] { read(); }, "no examples");
  expect_error(Exit::file, [&] { read("none.jsonl"); }, "none.jsonl");
}

}  // namespace
}  // namespace ip2p
