// job_list_test.cpp - jobs as JSON lines, in a file and on stdin, and where in them a mistake is.
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "ip2p/batch/item_source.h"

#include "batch_items.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::all_of;
using test::expect_error;
using test::ids_of;
using testing::ElementsAre;
using testing::IsEmpty;

const ItemRules snow{.instructions = {"make it snow"}, .count = 1};
const ItemRules no_instruction{.instructions = {}, .count = 1};

class JobList : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view content) {
    fs::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << content;
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

  std::vector<BatchItem> read(const ItemRules& rules = snow) {
    return all_of(*items_from_job_list(root() / "jobs.jsonl", rules));
  }
  std::vector<BatchItem> read_lines(std::string_view content, const ItemRules& rules = snow) {
    put("jobs.jsonl", content);
    return read(rules);
  }
  void expect_refused(const std::string& line, const std::string& part,
                      const ItemRules& rules = snow) {
    put("jobs.jsonl", "{\"input\": \"fine.png\", \"instruction\": \"x\"}\n\n" + line + "\n");
    const auto source = items_from_job_list(root() / "jobs.jsonl", rules);
    EXPECT_EQ(source->next().value().id, "fine.png");
    expect_error(Exit::usage, [&] { source->next(); }, "jobs.jsonl\" line 3: ", part);
  }
  void expect_job_refused(const std::string& keys, const std::string& part) {
    expect_refused("{\"input\": \"a.png\", " + keys + "}", part);
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(JobList, OfJsonLines) {
  const auto items = read_lines(
      "\xef\xbb\xbf"
      R"({"input": "sub/a b.png"})"
      "\r\n \t\r\n\n"
      R"({"input": "/abs/雪.png", "instruction": "x", "output": "o/p.png", "seed": 18446744073709551615,)"
      R"( "cfg_text": 5, "cfg_image": 1.25, "steps": 7, "sampler": "heun"})");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].id, "sub/a b.png");
  EXPECT_EQ(items[0].input, root() / "sub/a b.png");
  EXPECT_EQ(items[0].instruction, "make it snow");
  EXPECT_EQ(items[0].output, "");
  EXPECT_EQ(items[0].line, 1U);
  EXPECT_FALSE(items[0].options.seed.has_value());
  EXPECT_FALSE(items[0].options.steps.has_value());
  EXPECT_EQ(items[1].id, "/abs/雪.png");
  EXPECT_EQ(items[1].input, "/abs/雪.png");
  EXPECT_EQ(items[1].instruction, "x");
  EXPECT_EQ(items[1].output, "o/p.png");
  EXPECT_EQ(items[1].line, 4U);
  EXPECT_EQ(items[1].options.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(items[1].options.cfg_text, 5.0);
  EXPECT_EQ(items[1].options.cfg_image, 1.25);
  EXPECT_EQ(items[1].options.steps, 7);
  EXPECT_EQ(items[1].options.sampler, "heun");
}

TEST_F(JobList, WithSeveralInstructionsAndACount) {
  const auto items =
      read_lines(R"({"input": "a", "instruction": ["snow", "rain"], "count": 2, "seed": 5})"
                 "\n"
                 R"({"input": "b"})",
                 {.instructions = {"x"}, .count = 3});
  std::vector<std::string> found;
  for (const BatchItem& item : items)
    found.push_back(
        text(item.id, item.edit, item.instruction, item.variation, " line ", item.line));
  EXPECT_THAT(found, ElementsAre("a1snow0 line 1", "a1snow1 line 1", "a2rain0 line 1",
                                 "a2rain1 line 1", "b1x0 line 2", "b1x1 line 2", "b1x2 line 2"));
  EXPECT_EQ(item_seed(items[3], 0), 6U);
}

TEST_F(JobList, ThatIsEmptyHasNoItems) {
  EXPECT_THAT(read_lines(""), IsEmpty());
  EXPECT_THAT(read_lines("\xef\xbb\xbf\n \n"), IsEmpty());
}

TEST_F(JobList, WithMistakesNamesTheLine) {
  expect_refused("{", "not valid JSON");
  expect_refused("{\"input\": \"\xff.png\"}", "not valid JSON");
  expect_refused("in/a.png", "not valid JSON");
  expect_refused("[1]", "the line: expected an object, got [1]");
  expect_refused(R"({"instruction": "x"})", "input is missing");
  expect_refused(R"({"input": ""})", "input: expected a path, got nothing");
  expect_refused(R"({"input": 3})", "input: expected a string, got 3");
  expect_refused(R"({"input": "a\u0000b"})", "zero byte");
  expect_job_refused(R"("output": "")", "output: expected a path");
  expect_job_refused(R"("output": "a.png\u0000/../../b")",
                     "output: expected a path, got one with a zero");
  expect_job_refused(R"("inptu": 1)",
                     "unknown key \"inptu\"; known: input, instruction, output, seed, cfg_text, "
                     "cfg_image, steps, sampler, count");
  expect_job_refused(R"("resolution": 512)", "unknown key \"resolution\"");
  expect_job_refused(R"("cfg-text": 5)", "unknown key \"cfg-text\"");
  expect_job_refused(R"("mask": "m.png")", "mask is reserved");
  expect_job_refused(R"("mask": null)", "mask is reserved");
}

TEST_F(JobList, WithWrongValuesNamesTheKey) {
  expect_job_refused(R"("seed": -1)", "seed: expected a whole number from 0, got -1");
  expect_job_refused(R"("seed": 18446744073709551616)", "seed: expected a whole number");
  expect_job_refused(R"("seed": "5")", "seed: expected a whole number from 0, got \"5\"");
  expect_job_refused(R"("seed": null)", "seed: expected");
  expect_job_refused(R"("steps": 0)", "3: steps: expected a whole number from 1 to 1000, got 0");
  expect_job_refused(R"("steps": 7.5)", "steps: expected a whole number, got 7.5");
  expect_job_refused(R"("cfg_text": 51)", "3: cfg_text: expected a number from 0 to 50, got 51");
  expect_job_refused(R"("cfg_image": -0.1)", "3: cfg_image: expected a number from 0 to 50");
  expect_job_refused(R"("cfg_image": true)", "cfg_image: expected a number, got true");
  expect_job_refused(R"("sampler": 1)", "sampler: expected a string");
  expect_job_refused(R"("count": 0)", "count: expected a whole number from 1 to 10000, got 0");
  expect_job_refused(R"("count": 10001)", "count: expected");
  expect_job_refused(R"("seed": 18446744073709551615, "count": 2)", "leaves no room for 2 seeds");
}

TEST_F(JobList, WithInstructionsThatSayNothingNamesTheLine) {
  expect_job_refused(R"("instruction": " \n")", "instruction is empty");
  expect_job_refused(R"("instruction": ["x", ""])", "instruction is empty");
  expect_job_refused(R"("instruction": [])", "instruction: expected a string or a list of strings");
  expect_job_refused(R"("instruction": {"a": "b"})", "instruction: expected a string or a list");
  expect_job_refused(R"("instruction": ["x", 3])", "got 3");
  expect_refused(R"({"input": "a.png"})", "instruction is missing", no_instruction);
}

TEST_F(JobList, WithOneOutputForSeveralPicturesIsRefused) {
  expect_job_refused(R"("output": "o.png", "count": 2)", "this job is 2 pictures");
  expect_job_refused(R"("output": "o.png", "instruction": ["a", "b", "c"])", "3 pictures");
  EXPECT_EQ(read_lines(R"({"input": "a", "output": "o.png", "count": 1})",
                       {.instructions = {"x"}, .count = 4})
                .size(),
            1U);
}

TEST_F(JobList, ThatCannotBeReadIsAnError) {
  expect_error(Exit::file, [&] { read(); }, "cannot read", "jobs.jsonl", "No such file");
  fs::create_directory(root() / "jobs.jsonl");
  expect_error(Exit::file, [&] { read(); }, "cannot read", "directory");
  put("jobs.txt", "");
  expect_error(
      Exit::usage, [&] { items_from_job_list(root() / "jobs.txt", snow); }, "jobs.txt", ".jsonl",
      ".csv");
  put("JOBS.JSONL", R"({"input": "a"})");
  EXPECT_THAT(ids_of(all_of(*items_from_job_list(root() / "JOBS.JSONL", snow))), ElementsAre("a"));
}

TEST_F(JobList, WithoutLineEndsDoesNotFillTheMemory) {
  expect_refused(std::string(3 << 20, ' '), "more than 1048576 bytes");
}

TEST_F(JobList, OfManyLinesTakesConstantMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer keeps freed memory for a while";
#endif
  const auto peak_kib = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  constexpr int lines = 200'000;
  {
    std::ofstream list(root() / "jobs.jsonl");
    for (int i = 0; i < lines; ++i)
      list << R"({"input": "some/folder/with/a/name/)" << i << R"(.png", "seed": )" << i << "}\n";
  }
  const auto source = items_from_job_list(root() / "jobs.jsonl", snow);
  source->next();
  const auto before = peak_kib();
  std::uint64_t sum = 0;
  while (const auto item = source->next()) sum += *item->options.seed;
  EXPECT_EQ(sum, std::uint64_t{lines} * (lines - 1) / 2);
  EXPECT_LT(peak_kib() - before, 4 * 1024);  // the list has 13 MiB
}

TEST(StandardInput, LineIsAPath) {
  const auto items = items_from_line("sub/a b.png\r", 3, snow);
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].id, "sub/a b.png");
  EXPECT_EQ(items[0].input, "sub/a b.png");
  EXPECT_EQ(items[0].instruction, "make it snow");
  EXPECT_EQ(items[0].line, 3U);
  for (const char* path : {"\xff\xfe.png", "a{b}.png", " a.png", "[1].png", "\"q\".png"})
    EXPECT_THAT(ids_of(items_from_line(path, 1, snow)), ElementsAre(path));
  const auto same = items_from_line("./b/../{a}.png", 1, snow);
  EXPECT_EQ(same.at(0).id, "{a}.png") << "and so its seed";
  EXPECT_EQ(same.at(0).input, "./b/../{a}.png") << "b may be a link";
}

TEST(StandardInput, LineIsAJob) {
  const auto items = items_from_line(
      R"( {"input": "in/a.png", "instruction": ["x", "y"], "seed": 4, "count": 2})", 9, snow);
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[3].input, "in/a.png");
  EXPECT_EQ(items[3].instruction, "y");
  EXPECT_EQ(items[3].variation, 1);
  EXPECT_EQ(items[3].line, 9U);
  EXPECT_THAT(ids_of(items_from_line("\xef\xbb\xbf{\"input\": \"a\"}", 1, snow)), ElementsAre("a"));
}

TEST(StandardInput, LineMayBeEmpty) {
  for (const char* line : {"", " ", "\r", "\xef\xbb\xbf"})
    EXPECT_THAT(items_from_line(line, 1, snow), IsEmpty());
}

TEST(StandardInput, LineWithAMistakeSaysItsNumber) {
  const auto refused = [](const std::string& line, const std::string& part,
                          const ItemRules& rules = snow) {
    expect_error(Exit::usage, [&] { items_from_line(line, 12, rules); }, "stdin line 12: ", part);
  };
  refused("{a}.png", "not valid JSON");
  refused(R"({"input": "a", "sed": 1})", "unknown key \"sed\"");
  refused(R"({"input": "a", "mask": 1})", "mask is reserved");
  refused("a.png", "instruction is missing", no_instruction);
  refused(std::string("a\0b", 3), "zero byte");
}

}  // namespace
}  // namespace ip2p
