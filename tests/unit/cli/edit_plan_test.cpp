// edit_plan_test.cpp - mistakes that are seen before any bundle or picture is opened.
#include "edit_plan.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p::cli {
namespace {

using test::expect_error;

EditFlags flags_for(const fs::path& output) {
  EditFlags flags;
  flags.input = "in.png";
  flags.instruction = "make it snow";
  flags.output = output;
  return flags;
}

TEST(PlanEdit, NothingIsMissing) {
  EditFlags flags = flags_for("out.png");
  flags.output.reset();
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "no output", "-o FILE");
  flags = flags_for("out.png");
  flags.input.reset();
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "no input");
  flags = flags_for("out.png");
  flags.instruction.reset();
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "instruction is empty");
}

TEST(PlanEdit, AnOutputIsNoFolder) {
  const test::TemporaryFolder folder;
  for (const fs::path& output : {folder.path(), folder.path() / "new/"})
    expect_error(Exit::file, [&] { plan_edit(flags_for(output)); }, "is a folder", "edited.png");
}

TEST(PlanEdit, StdoutIsOneStream) {
  EditFlags flags = flags_for("-");
  flags.count = 2;
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "--count", "one stream");
  flags = flags_for("-");
  flags.json = true;
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "--json");
}

TEST(PlanEdit, OptionsOutOfRangeAreRefused) {
  EditFlags flags = flags_for("out.png");
  flags.options.steps = 0;
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "--steps: expected a whole number from 1");
}

TEST(PlanEdit, WhoNamedTheBundleIsSaid) {
  EditFlags flags = flags_for("out.png");
  flags.model = "";
  expect_error(Exit::usage, [&] { plan_edit(flags); }, "--model is empty");
  flags.model = "nowhere";
  expect_error(Exit::model, [&] { plan_edit(flags); }, "nowhere", "--model named it");
}

}  // namespace
}  // namespace ip2p::cli
