// inputs_test.cpp - which pictures files, folders and globs are, and in what order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "ip2p/batch/item_source.h"

#include "batch_items.h"
#include "support/temporary_folder.h"
#include "support/throws.h"
#include "support/without_root.h"

namespace ip2p {
namespace {

using test::all_of;
using test::expect_error;
using test::ids_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Inputs : public testing::Test {
 protected:
  void put(const std::string& name) {
    fs::create_directories((root() / name).parent_path());
    write_atomically(root() / name, {}, Existing::replace);
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] std::string at(const std::string& name) const { return (root() / name).string(); }

  std::vector<BatchItem> items(const std::vector<std::string>& names) {
    rules_.inputs.clear();
    for (const std::string& name : names) rules_.inputs.push_back(at(name));
    const auto source = items_from_inputs(rules_, {.instructions = {"x"}, .count = 1});
    std::vector<BatchItem> found = all_of(*source);
    skipped_ = source->skipped();
    return found;
  }
  std::vector<std::string> ids(const std::vector<std::string>& names) {
    return ids_of(items(names));
  }
  std::vector<std::string> ids_recursive(const std::vector<std::string>& names) {
    rules_.recursive = true;
    auto found = ids(names);
    rules_.recursive = false;
    return found;
  }

  InputRules rules_;
  std::uint64_t skipped_ = 0;

 private:
  test::TemporaryFolder folder_;
};

TEST_F(Inputs, FolderGivesItsPicturesInOrder) {
  for (const char* name :
       {"in/b.png", "in/a.JPG", "in/Z.jpeg", "in/c.WebP", "in/d.tif", "in/e.tiff", "in/f.bmp",
        "in/ä.png", "in/notes.txt", "in/png", "in/.png", "in/x.png.txt", "in/sub/s.png"})
    put(name);
  const auto found = items({"in"});
  EXPECT_THAT(ids_of(found), ElementsAre("Z.jpeg", "a.JPG", "b.png", "c.WebP", "d.tif", "e.tiff",
                                         "f.bmp", "ä.png"));
  EXPECT_EQ(skipped_, 3U);
  EXPECT_EQ(found[0].input, root() / "in/Z.jpeg");
  EXPECT_EQ(found[0].instruction, "x");
  EXPECT_EQ(found[0].line, 0U);
}

TEST_F(Inputs, FoldersOfAFolderOnlyWhenAsked) {
  for (const char* name : {"in/b.png", "in/a/2.png", "in/a/1.png", "in/a/deep/er/3.png",
                           "in/c/4.png", "in/c/no.txt", "in/empty/.keep"})
    put(name);
  EXPECT_THAT(ids({"in"}), ElementsAre("b.png"));
  EXPECT_THAT(ids_recursive({"in"}),
              ElementsAre("a/1.png", "a/2.png", "a/deep/er/3.png", "b.png", "c/4.png"));
  EXPECT_EQ(skipped_, 1U);
  EXPECT_THAT(ids_recursive({"in/"}),
              ElementsAre("a/1.png", "a/2.png", "a/deep/er/3.png", "b.png", "c/4.png"));
}

TEST_F(Inputs, HiddenEntriesAreLeftOut) {
  for (const char* name : {"in/a.png", "in/.b.png", "in/.git/c.png", "in/d/.e.png"}) put(name);
  EXPECT_THAT(ids_recursive({"in"}), ElementsAre("a.png"));
  EXPECT_THAT(ids({"in/*"}), ElementsAre("a.png"));
  EXPECT_THAT(ids({"in/**"}), ElementsAre("a.png"));
  EXPECT_THAT(ids({"in/.git"}), ElementsAre("c.png"));
  EXPECT_THAT(ids({"in/.*.png"}), ElementsAre(".b.png"));
}

TEST_F(Inputs, OutputFolderIsLeftOut) {
  for (const char* name : {"in/a.png", "in/out/b.png", "in/out/deep/c.png", "in/z/out/d.png"})
    put(name);
  rules_.output_folder = root() / "in/./out/";
  EXPECT_THAT(ids_recursive({"in"}), ElementsAre("a.png", "z/out/d.png"));
  EXPECT_THAT(ids({"in/**/*.png"}), ElementsAre("a.png", "z/out/d.png"));
  fs::create_directory_symlink(root() / "in/out", root() / "link");
  rules_.output_folder = root() / "link";
  EXPECT_THAT(ids_recursive({"in"}), ElementsAre("a.png", "z/out/d.png"));
  EXPECT_THAT(ids({"in/out/deep"}), ElementsAre("c.png"));
}

TEST_F(Inputs, OutputFolderThatAppearsLaterIsLeftOut) {
  for (const char* name : {"in/a.png", "in/z/b.png"}) put(name);
  const auto source = items_from_inputs(
      {.inputs = {at("in")}, .recursive = true, .output_folder = root() / "in/z/out"},
      {.instructions = {"x"}, .count = 1});
  EXPECT_EQ(source->next().value().id, "a.png");
  put("in/z/out/a.png");
  EXPECT_THAT(ids_of(all_of(*source)), ElementsAre("z/b.png"));
}

TEST_F(Inputs, InputFolderThatIsTheOutputFolderIsRefused) {
  put("in/a.png");
  fs::create_directory_symlink(root() / "in", root() / "link");
  rules_.output_folder = root() / "link";
  expect_error(Exit::usage, [&] { ids({"in"}); }, "is the output folder");
  EXPECT_THAT(ids({"in/a.png"}), ElementsAre("a.png"));
}

TEST_F(Inputs, LinksToFoldersCannotHang) {
  for (const char* name : {"in/a.png", "other/b.png"}) put(name);
  fs::create_directory_symlink(root() / "in", root() / "in/loop");
  fs::create_directory_symlink(root() / "other", root() / "in/link");
  fs::create_symlink(root() / "other/b.png", root() / "in/linked.png");
  fs::create_symlink("self.png", root() / "in/self.png");
  EXPECT_THAT(ids_recursive({"in"}), ElementsAre("a.png", "linked.png", "self.png"));
  EXPECT_THAT(ids({"in/**/*.png"}), ElementsAre("a.png", "linked.png", "self.png"));
  EXPECT_THAT(ids({"in/link"}), ElementsAre("b.png"));
  EXPECT_THAT(ids({"in/li*/*.png"}), ElementsAre("link/b.png"));
}

TEST_F(Inputs, DeviceOrPipeInAFolderIsNoPicture) {
  put("in/a.png");
  ASSERT_EQ(::mkfifo(at("in/pipe.png").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", root() / "in/null.png");
  EXPECT_THAT(ids({"in"}), ElementsAre("a.png"));
  EXPECT_EQ(skipped_, 2U);
}

TEST_F(Inputs, FileIsAnItemWhateverItIsCalled) {
  for (const char* name : {"in/a.dat", "in/.hidden", "b.png"}) put(name);
  const auto found = items({"in/a.dat", "b.png", "in/.hidden", "in/a.dat"});
  EXPECT_THAT(ids_of(found), ElementsAre("a.dat", "b.png", ".hidden", "a.dat"));
  EXPECT_EQ(found[0].input, root() / "in/a.dat");
  EXPECT_EQ(skipped_, 0U);
}

TEST_F(Inputs, OddNamesSurvive) {
  const std::vector<std::string> names{"\n.png",  " a b .png",  "-x.png",
                                       "[1].png", "{stem}.png", "\xff\xfe.png"};
  for (const std::string& name : names) put("in dir/" + name);
  const auto found = items({"in dir"});
  EXPECT_EQ(ids_of(found), names);
  for (const BatchItem& item : found) EXPECT_TRUE(fs::exists(item.input)) << item.id;
  for (const std::string& name : names) EXPECT_THAT(ids({"in dir/" + name}), ElementsAre(name));
}

TEST_F(Inputs, GlobOfFiles) {
  for (const char* name : {"in/a1.png", "in/a2.jpg", "in/b1.png", "in/a1.txt", "in/d/a1.png"})
    put(name);
  EXPECT_THAT(ids({"in/*.png"}), ElementsAre("a1.png", "b1.png"));
  EXPECT_THAT(ids({"in/a?.*"}), ElementsAre("a1.png", "a2.jpg"));
  EXPECT_EQ(skipped_, 1U);
  EXPECT_THAT(ids({"in/[!a]1.png"}), ElementsAre("b1.png"));
  EXPECT_THAT(ids({"in/*/a1.png"}), ElementsAre("d/a1.png"));
  EXPECT_THAT(ids({"*/a1.png"}), ElementsAre("in/a1.png"));
  EXPECT_THAT(ids({"in/**/a1.png"}), ElementsAre("a1.png", "d/a1.png"));
  EXPECT_THAT(ids({"**/*1.png"}), ElementsAre("in/a1.png", "in/b1.png", "in/d/a1.png"));
  EXPECT_THAT(ids({"**/**/d/*"}), ElementsAre("in/d/a1.png"));
  EXPECT_THAT(ids({"in/**"}), ElementsAre("a1.png", "a2.jpg", "b1.png", "d/a1.png"));
}

TEST_F(Inputs, GlobOfFolders) {
  for (const char* name : {"in/2023-1/a.png", "in/2024-1/a.png", "in/2024-1/deep/b.png",
                           "in/2024-2/c.png", "in/2024.png"})
    put(name);
  EXPECT_THAT(ids({"in/2024*"}), ElementsAre("2024-1/a.png", "2024-2/c.png", "2024.png"));
  EXPECT_THAT(ids({"in/2024*/"}), ElementsAre("2024-1/a.png", "2024-2/c.png"));
  EXPECT_THAT(ids_recursive({"in/2024-*"}),
              ElementsAre("2024-1/a.png", "2024-1/deep/b.png", "2024-2/c.png"));
  // below `**` folders are on the way, not what is looked for
  expect_error(Exit::usage, [&] { ids({"in/**/2024-1"}); }, "nothing fits");
}

TEST_F(Inputs, GlobOfFolderNamesWithWildcardsInThem) {
  for (const char* name : {"in[1]/a.png", "in1/b.png"}) put(name);
  EXPECT_THAT(ids({"in[1]/*.png"}), ElementsAre("a.png"));
  EXPECT_THAT(ids({"in[1-1]/*.png"}), ElementsAre("in1/b.png"));
}

TEST_F(Inputs, OfTheWorkingFolder) {
  put("in/a.png");
  const fs::path before = fs::current_path();
  fs::current_path(root() / "in");
  for (const char* given : {"*.png", "a.png", "./*.png", ".", "../in/*"}) {
    const auto source =
        items_from_inputs({.inputs = {given}, .recursive = false, .output_folder = "out"},
                          {.instructions = {"x"}, .count = 1});
    const auto found = all_of(*source);
    EXPECT_THAT(ids_of(found), ElementsAre("a.png")) << given;
    EXPECT_TRUE(fs::exists(found.at(0).input)) << given;
  }
  fs::current_path(before);
}

TEST_F(Inputs, ThatAreNothingAreRefused) {
  put("in/a.png");
  put("in/b.txt");
  expect_error(Exit::usage, [&] { ids({"in", "none.png"}); }, "none.png", "there is no");
  expect_error(Exit::usage, [&] { ids({"in/*.jpg"}); }, "*.jpg", "nothing fits");
  expect_error(Exit::usage, [&] { ids({"none/*.png"}); }, "none/*.png", "nothing fits");
  expect_error(Exit::usage, [&] { ids({"in/a.png/*"}); }, "nothing fits");
  fs::create_symlink("nowhere", root() / "dangling.png");
  expect_error(Exit::usage, [&] { ids({"dangling.png"}); }, "dangling.png");
  EXPECT_THAT(ids({"in/*.txt"}), IsEmpty());
  EXPECT_EQ(skipped_, 1U);
}

TEST_F(Inputs, ThatCannotBeListedAreErrors) {
  for (const char* name : {"in/a.png", "in/closed/b.png"}) put(name);
  // group too: whoever runs the test without root's rights is still of root's group
  fs::permissions(root(), fs::perms::all);
  fs::permissions(root() / "in", fs::perms::all);
  fs::permissions(root() / "in/closed", fs::perms::owner_all);
  {
    const test::WithoutRoot someone;
    rules_.recursive = true;
    rules_.inputs = {at("in")};
    const auto source = items_from_inputs(rules_, {.instructions = {"snow"}, .count = 1});
    EXPECT_EQ(source->next().value().id, "a.png");
    EXPECT_FALSE(source->next());
    EXPECT_THAT(source->unlisted(),
                ElementsAre(testing::AllOf(HasSubstr("cannot list"), HasSubstr("in/closed"),
                                           HasSubstr("Permission denied"))));
    rules_.recursive = false;
    expect_error(Exit::file, [&] { ids({"in/closed"}); }, "cannot list", "in/closed");
    expect_error(Exit::file, [&] { ids({"in/closed/b.png"}); }, "cannot read", "in/closed/b.png");
    EXPECT_THAT(ids({"in/*/*.png"}), IsEmpty());
    expect_error(Exit::file, [&] { ids({"in/closed/deep/*.png"}); }, "cannot read", "in/closed");
    EXPECT_THAT(ids({"in"}), ElementsAre("a.png"));
  }
}

TEST_F(Inputs, GetEveryInstructionInEveryVariation) {
  for (const char* name : {"in/a.png", "in/b.png"}) put(name);
  const auto source =
      items_from_inputs({.inputs = {at("in")}, .recursive = false, .output_folder = {}},
                        {.instructions = {"snow", "rain"}, .count = 2});
  std::vector<std::string> found;
  while (const auto item = source->next())
    found.push_back(text(item->id, ' ', item->edit, item->instruction, ' ', item->variation));
  EXPECT_THAT(found,
              ElementsAre("a.png 1snow 0", "a.png 1snow 1", "a.png 2rain 0", "a.png 2rain 1",
                          "b.png 1snow 0", "b.png 1snow 1", "b.png 2rain 0", "b.png 2rain 1"));
}

TEST_F(Inputs, NeedInstructionsThatSaySomething) {
  put("a.png");
  const InputRules inputs{.inputs = {at("a.png")}, .recursive = false, .output_folder = {}};
  const auto refused = [&](const ItemRules& rules, const std::string& part) {
    expect_error(Exit::usage, [&] { items_from_inputs(inputs, rules); }, part);
  };
  refused({.instructions = {}, .count = 1}, "--edit");
  refused({.instructions = {"x", " "}, .count = 1}, "instruction is empty");
  refused({.instructions = {"\xff"}, .count = 1}, "UTF-8");
  refused({.instructions = {"x"}, .count = 0}, "--count: expected a whole number from 1 to 10000");
  refused({.instructions = {"x"}, .count = 10001}, "got 10001");
}

}  // namespace
}  // namespace ip2p
