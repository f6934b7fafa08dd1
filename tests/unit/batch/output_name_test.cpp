// output_name_test.cpp - names from templates, and outputs that do not leave their folder.
#include "ip2p/batch/output_name.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"
#include "support/without_root.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;

BatchItem item_called(const std::string& id) {
  BatchItem item;
  item.id = id;
  item.instruction = "Make it SNOW, please!";
  item.edit = 2;
  item.variation = 3;
  item.line = 14;
  return item;
}

std::string name(const std::string& pattern, const std::string& id) {
  return OutputTemplate(pattern).path(item_called(id), 77).string();
}

std::string words(const std::string& instruction) {
  BatchItem item = item_called("a.png");
  item.instruction = instruction;
  return OutputTemplate("{words}").path(item, 0).string();
}

TEST(OutputTemplate, Fields) {
  EXPECT_EQ(name("{dir}", "a/b/c.tar.PNG"), "a/b");
  EXPECT_EQ(name("{stem}", "a/b/c.tar.PNG"), "c.tar");
  EXPECT_EQ(name("{ext}", "a/b/c.tar.PNG"), "PNG");
  EXPECT_EQ(name("{name}", "a/b/c.tar.PNG"), "c.tar.PNG");
  EXPECT_EQ(name("{seed}", "a.png"), "77");
  EXPECT_EQ(name("{edit}", "a.png"), "2");
  EXPECT_EQ(name("{variation}", "a.png"), "3");
  EXPECT_EQ(name("{line}", "a.png"), "14");
  EXPECT_EQ(name("{words}", "a.png"), "Make-it-SNOW-please");
  EXPECT_EQ(name("x/{dir}/{stem}_{seed}.jpg", "a/b.png"), "x/a/b_77.jpg");
}

TEST(OutputTemplate, AtTheTopIsNoAbsolutePath) {
  EXPECT_EQ(name("{dir}/{stem}.png", "a.png"), "a.png");
  EXPECT_EQ(name("{dir}/{stem}.png", "./a.png"), "a.png");
  EXPECT_EQ(name("{dir}/{stem}.png", "/pics/a.png"), "pics/a.png");
  EXPECT_EQ(name("x/{dir}/{stem}.png", "a.png"), "x/a.png");
  EXPECT_EQ(name("/x/{stem}.png", "a.png"), "/x/a.png");
  EXPECT_EQ(name("{dir}/{stem}.png", "../a.png"), "a.png");
  EXPECT_EQ(name("{dir}/{stem}.png", "../../b/a.png"), "b/a.png");
}

TEST(OutputTemplate, OfNamesWithoutAnExtension) {
  EXPECT_EQ(name("{stem}|{ext}|{name}", "photo"), "photo||photo");
  EXPECT_EQ(name("{stem}|{ext}|{name}", ".png"), ".png||.png");
}

TEST(OutputTemplate, LeavesOddNamesAsTheyAre) {
  for (const char* stem : {"a b", "a\nb", "\xff\xfe", "{seed}", "{", "}}", "%s", "雪"})
    EXPECT_EQ(name("{dir}/{stem}.png", std::string("d/") + stem + ".jpg"),
              std::string("d/") + stem + ".png");
}

TEST(OutputTemplate, Braces) {
  EXPECT_EQ(name("{{{stem}}}.png", "a.png"), "{a}.png");
  EXPECT_EQ(name("{{stem}}.png", "a.png"), "{stem}.png");
  for (const char* pattern : {"{stem", "stem}", "{", "}", "{st{em}", "a{{{", "{stem}}"})
    expect_error(Exit::usage, [&] { OutputTemplate{pattern}; }, "unpaired", pattern);
}

TEST(OutputTemplate, WithUnknownFieldsListsThem) {
  expect_error(
      Exit::usage, [] { OutputTemplate("{folder}/{stem}.png"); }, "unknown field {folder}",
      "known: {dir}, {parent}, {stem}, {ext}, {name}, {seed}, {edit}, {words}, {variation}, "
      "{line}");
  expect_error(Exit::usage, [] { OutputTemplate("{}"); }, "unknown field {}");
  expect_error(Exit::usage, [] { OutputTemplate(""); }, "empty");
}

TEST(OutputTemplate, WordsAreLettersDigitsAndDashes) {
  EXPECT_EQ(words("  ../../etc/passwd "), "etc-passwd");
  EXPECT_EQ(words("turn it into winter 2024"), "turn-it-into-winter-2024");
  EXPECT_EQ(words("雪を降らせて、今"), "雪を降らせて-今");
  EXPECT_EQ(words("für\u202e dich"), "für-dich");
  EXPECT_EQ(words(std::string(100, 'a')), std::string(60, 'a'));
  EXPECT_EQ(words(std::string(59, 'a') + "ü"), std::string(59, 'a'));
  EXPECT_EQ(words(std::string(58, 'a') + "ü"), std::string(58, 'a') + "ü");
  EXPECT_EQ(words(std::string(60, 'a') + " b"), std::string(60, 'a'));
}

TEST(StandardTemplate, NamesWhatDiffers) {
  EXPECT_EQ(standard_template(1, 1), "{dir}/{stem}");
  EXPECT_EQ(standard_template(2, 1), "{dir}/{stem}_{edit}");
  EXPECT_EQ(standard_template(1, 3), "{dir}/{stem}_{seed}");
  EXPECT_EQ(standard_template(0, 1), "{dir}/{stem}");
  EXPECT_EQ(name(standard_template(2, 3), "d/a.JPG"), "d/a_2_77");
}

class OutputBelow : public testing::Test {
 protected:
  void expect_refused(const fs::path& relative, const std::string& part) {
    expect_error(
        Exit::usage, [&] { output_below(out(), relative, false); }, part, "--allow-outside");
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path out() const { return folder_ / "out"; }

 private:
  TemporaryFolder folder_;
};

TEST_F(OutputBelow, IsAPathBelowTheFolderThatIsNotMade) {
  EXPECT_EQ(output_below(out(), "a.png", false), out() / "a.png");
  EXPECT_EQ(output_below(out(), "a/./b/../c/d.png", false), out() / "a/c/d.png");
  EXPECT_EQ(output_below(out(), "..a/b..png", false), out() / "..a/b..png");
  EXPECT_TRUE(fs::is_empty(root()));
}

TEST_F(OutputBelow, OutsideIsRefused) {
  expect_refused("../a.png", "\"..\"");
  expect_refused("a/../../b.png", "\"..\"");
  expect_refused("/etc/a.png", "absolute");
  expect_refused(out() / "a.png", "absolute");
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(OutputBelow, ThroughALinkIsRefused) {
  fs::create_directories(out() / "real");
  fs::create_directory(root() / "elsewhere");
  fs::create_directory_symlink(root() / "elsewhere", out() / "link");
  fs::create_directory_symlink(out() / "real", out() / "inside");
  fs::create_directory_symlink(root() / "none", out() / "real/dangling");
  expect_refused("link/a.png", "link");
  expect_refused("link/new/a.png", "link");
  expect_refused("inside/a.png", "link");
  expect_refused("real/dangling/a.png", "dangling");
  EXPECT_EQ(output_below(out(), "real/new/a.png", false), out() / "real/new/a.png");
  EXPECT_EQ(output_below(out(), "link/../a.png", false), out() / "a.png");
  EXPECT_TRUE(fs::is_empty(root() / "elsewhere"));
  EXPECT_FALSE(fs::exists(out() / "real/new"));
}

TEST_F(OutputBelow, OfALinkedFolderIsBelowIt) {
  fs::create_directory(root() / "disk");
  fs::create_directory_symlink(root() / "disk", out());
  EXPECT_EQ(output_below(out(), "a/b.png", false), out() / "a/b.png");
}

TEST_F(OutputBelow, MayBeOutsideWhenAllowed) {
  EXPECT_EQ(output_below(out(), "../a.png", true).lexically_normal(), root() / "a.png");
  EXPECT_EQ(output_below(out(), "/elsewhere/a.png", true), "/elsewhere/a.png");
  fs::create_directory(out());
  fs::create_directory_symlink(root(), out() / "link");
  EXPECT_EQ(output_below(out(), "link/a.png", true), out() / "link/a.png");
}

TEST_F(OutputBelow, MustNameAFile) {
  for (const char* relative : {"", ".", "..", "a/", "a/..", "/"})
    for (const bool allowed : {false, true})
      expect_error(Exit::usage, [&] { output_below(out(), relative, allowed); }, "names no file");
}

TEST_F(OutputBelow, FailsWhereItCannotLook) {
  fs::create_directories(out() / "closed/sub");
  fs::permissions(root(), fs::perms::all);
  fs::permissions(out() / "closed", fs::perms::owner_read);
  {
    const test::WithoutRoot someone;
    expect_error(
        Exit::file, [&] { output_below(out(), "closed/sub/a.png", false); }, "cannot look at",
        "closed/sub", "Permission denied");
  }
  fs::permissions(out() / "closed", fs::perms::owner_all);
}

}  // namespace
}  // namespace ip2p
