// damage_test.cpp - which examples are counted, and when they are too many.
#include "damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expected_warnings.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

TEST(Damage, OfOneExampleCountsOnce) {
  test::ExpectedWarnings warnings;
  Damage damage(200);
  damage.add(7, "a.png is cut short");
  damage.add(7, "a.png is cut short");
  EXPECT_EQ(damage.count(), 1U);
  EXPECT_TRUE(damage.has(7));
  EXPECT_FALSE(damage.has(8));
  EXPECT_THAT(warnings.sentences(),
              testing::ElementsAre("an example is left out: a.png is cut short"));
}

TEST(Damage, MayReachOneInAHundred) {
  test::ExpectedWarnings warnings;
  Damage damage(200);
  damage.add(1, "a.png is cut short");
  damage.add(2, "b.png is cut short");
  expect_error(
      Exit::file, [&] { damage.add(3, "c.png is cut short"); },
      "3 of 200 examples cannot be used, more than 1 %; the first: a.png is cut short");
  expect_error(Exit::file, [] { Damage(99).check(1, "a"); }, "1 of 99");
  EXPECT_NO_THROW(Damage(100).check(1, "a"));
}

TEST(Damage, OfChosenExamplesIsAShareOfTheList) {
  test::ExpectedWarnings warnings;
  Damage damage(64, 200);
  damage.add(1, "a.png is cut short");
  damage.add(2, "b.png is cut short");
  expect_error(Exit::file, [&] { damage.add(3, "c.png is cut short"); }, "3 of 200 examples");
}

TEST(Damage, IsNamedByOneProcess) {
  Damage silent(200, 0, false);  // a warning would fail this test
  silent.add(1, "a.png is cut short");
  EXPECT_TRUE(silent.has(1));
}

}  // namespace
}  // namespace ip2p
