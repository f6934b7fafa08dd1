// job_list_csv_test.cpp - jobs as comma-separated values: what RFC 4180 allows, and what is
// refused.
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

class CsvJobList : public testing::Test {
 protected:
  std::vector<BatchItem> read(std::string_view content, const ItemRules& rules = {{"snow"}, 1}) {
    std::ofstream(folder_ / "jobs.csv", std::ios::binary) << content;
    return all_of(*items_from_job_list(folder_ / "jobs.csv", rules));
  }
  template <class... Parts>
  void expect_refused(std::string_view content, const Parts&... parts) {
    expect_error(Exit::usage, [&] { read(content); }, "jobs.csv\"", parts...);
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(CsvJobList, Columns) {
  const auto items = read(
      "seed,input,cfg_image,cfg_text,steps,sampler,output,instruction,count\n"
      "18446744073709551615,in/a.png,1.5,7,20,euler,o.png,make it rain,1\n"
      ",b.png,,,,,,,\n"
      "5,c.png,,,,,,,2\n");
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0].id, "in/a.png");
  EXPECT_EQ(items[0].input, root() / "in/a.png");
  EXPECT_EQ(items[0].options.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(items[0].options.cfg_image, 1.5);
  EXPECT_EQ(items[0].options.cfg_text, 7.0);
  EXPECT_EQ(items[0].options.steps, 20);
  EXPECT_EQ(items[0].options.sampler, "euler");
  EXPECT_EQ(items[0].output, "o.png");
  EXPECT_EQ(items[0].instruction, "make it rain");
  EXPECT_EQ(items[0].line, 2U);
  EXPECT_EQ(items[1].instruction, "snow");
  EXPECT_EQ(items[1].output, "");
  EXPECT_FALSE(items[1].options.seed.has_value());
  EXPECT_FALSE(items[1].options.sampler.has_value());
  EXPECT_EQ(items[3].variation, 1);
  EXPECT_EQ(item_seed(items[3], 0), 6U);
}

TEST_F(CsvJobList, Quotes) {
  const auto items = read(
      "input,\"instruction\"\r\n"
      "\"a,b.png\",\"say \"\"hi\"\"\"\r\n"
      "\"line\nbreak.png\",\"two\r\nlines\"\r\n"
      "\r\n"
      "\"\"\"q\"\".png\",\"\"\r\n"
      "last.png,x");
  ASSERT_THAT(ids_of(items), ElementsAre("a,b.png", "line\nbreak.png", "\"q\".png", "last.png"));
  EXPECT_EQ(items[0].instruction, "say \"hi\"");
  EXPECT_EQ(items[1].instruction, "two\r\nlines");
  EXPECT_EQ(items[2].instruction, "snow");
  EXPECT_EQ(items[0].line, 2U);
  EXPECT_EQ(items[1].line, 3U);
  EXPECT_EQ(items[2].line, 7U);
  EXPECT_EQ(items[3].line, 8U);
}

TEST_F(CsvJobList, BytesSurvive) {
  EXPECT_THAT(ids_of(read("\xef\xbb\xbfinput\n 雪 {a}.png \n\xff\xfe.png\n")),
              ElementsAre(" 雪 {a}.png ", "\xff\xfe.png"));
  EXPECT_THAT(ids_of(read("\xef\xbb\xbf\"input\"\na\n")), ElementsAre("a"));
}

TEST_F(CsvJobList, BlanksAroundNamesAndNumbersAreNothing) {
  const auto items = read("input, seed ,\tsteps\na, 5,7 \n");
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].options.seed, 5U);
  EXPECT_EQ(items[0].options.steps, 7);
}

TEST_F(CsvJobList, WithoutJobsHasNoItems) {
  EXPECT_THAT(read("input\n"), IsEmpty());
  EXPECT_THAT(read("\ninput\r\n\r\n\n"), IsEmpty());
}

TEST_F(CsvJobList, FirstLineMustNameColumns) {
  expect_refused("", "is empty");
  expect_refused("\n\n", "is empty");
  expect_refused("instruction\nx\n", "line 1: no column is called input");
  expect_refused("input,sed\na,1\n", "line 1: unknown key \"sed\"", "known: input, instruction");
  expect_refused("input;seed\na;1\n", "line 1: \"input;seed\"", "got semicolons");
  expect_refused("input,\na,\n", "line 1: unknown key \"\"");
  expect_refused("input,mask\na,\n", "line 1: mask is reserved");
  expect_refused("input,seed,input\na,1,b\n", "line 1: two columns are called input");
}

TEST_F(CsvJobList, WithMistakesNamesTheLine) {
  expect_refused("input,seed\na,1\n\"b\n\",1\n\nc,1,2\n", "line 6: expected 2 cells", "got 3");
  expect_refused("input,seed\na\n", "line 2: expected 2 cells", "got 1");
  expect_refused("input,seed\n,1\n", "line 2: input is missing");
  expect_refused("input\na\nb\"c\n", "line 3: a quote stands within a cell");
  expect_refused("input\na\n\"b\"c\n", "line 3: expected a comma");
  expect_refused("input\na\n\"b\nc\nd\n", "line 3: a cell's quote is not closed");
  expect_refused("input\n\"" + std::string(3 << 20, 'x') + "\"\n",
                 "line 2: the line has more than");
  expect_refused(std::string("input\na\0b\n", 10),
                 "line 2: input: expected a path, got one with a zero");
}

TEST_F(CsvJobList, WithWrongValuesNamesTheKey) {
  const auto refused = [this](const std::string& column, const std::string& cell,
                              const std::string& part) {
    expect_refused("input," + column + "\na," + cell + "\n", "line 2: " + column + ": expected",
                   part);
  };
  refused("seed", "-1", "a whole number from 0, got -1");
  refused("seed", "18446744073709551616", "a whole number from 0, got 1.8446744073709552e+19");
  refused("seed", "abc", "got \"abc\"");
  refused("seed", "5x", "got \"5x\"");
  refused("seed", "0x10", "got \"0x10\"");
  refused("seed", "1e3", "got 1000.0");
  refused("steps", "0", "a whole number from 1 to 1000, got 0");
  refused("steps", "7.5", "got 7.5");
  refused("cfg_text", "51", "a number from 0 to 50, got 51");
  refused("cfg_text", "nan", "a number from 0 to 50, got nan");
  refused("cfg_text", "inf", "a number from 0 to 50, got inf");
  refused("count", "0", "a whole number from 1 to 10000, got 0");
}

TEST_F(CsvJobList, InstructionsMustSaySomethingInUtf8) {
  expect_refused("input,instruction\na,x\nb,  \n", "line 3: ", "instruction is empty");
  expect_refused("input,instruction\na,\"\xff\"\n", "line 2: ", "UTF-8");
}

TEST_F(CsvJobList, ThatCannotBeReadIsAnError) {
  expect_error(
      Exit::file, [&] { items_from_job_list(root() / "none.csv", {{"x"}, 1}); }, "cannot read",
      "none.csv");
}

}  // namespace
}  // namespace ip2p
