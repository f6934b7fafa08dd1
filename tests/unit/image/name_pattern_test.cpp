// name_pattern_test.cpp - what fits a pattern, as in a shell.
#include "ip2p/image/name_pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

TEST(NamePattern, Literal) {
  EXPECT_TRUE(fits("a.png", "a.png"));
  EXPECT_FALSE(fits("a.png", "a.pn"));
  EXPECT_FALSE(fits("a.pn", "a.png"));
  EXPECT_FALSE(fits("A.png", "a.png"));
  EXPECT_TRUE(fits("", ""));
}

TEST(NamePattern, Star) {
  EXPECT_TRUE(fits("a.png", "*"));
  EXPECT_TRUE(fits("", "*"));
  EXPECT_TRUE(fits("a.png", "*.png"));
  EXPECT_TRUE(fits("a.png.png", "*.png"));
  EXPECT_TRUE(fits("abcabd", "*abd"));
  EXPECT_TRUE(fits("axbyc", "a*b*c"));
  EXPECT_TRUE(fits("a", "a**"));
  EXPECT_FALSE(fits("a.png", "*.jpg"));
  EXPECT_FALSE(fits("axby", "a*b*c"));
  EXPECT_TRUE(fits("line\nbreak", "l*k"));
}

TEST(NamePattern, OfManyStarsIsQuick) {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  EXPECT_FALSE(fits(std::string(250, 'a') + "b", pattern));
}

TEST(NamePattern, QuestionMarkIsOneCharacter) {
  EXPECT_TRUE(fits("a1.png", "a?.png"));
  EXPECT_FALSE(fits("a.png", "a?.png"));
  EXPECT_FALSE(fits("a12.png", "a?.png"));
  EXPECT_TRUE(fits("雪.png", "?.png"));
  EXPECT_TRUE(fits("\xff.png", "?.png"));
  EXPECT_TRUE(fits("\xe9.png", "?.png"));  // Latin-1, the start of a character that does not follow
}

TEST(NamePattern, Set) {
  EXPECT_TRUE(fits("b", "[abc]"));
  EXPECT_FALSE(fits("d", "[abc]"));
  EXPECT_TRUE(fits("7", "[0-9]"));
  EXPECT_FALSE(fits("a", "[0-9]"));
  EXPECT_TRUE(fits("a", "[!0-9]"));
  EXPECT_TRUE(fits("a", "[^0-9]"));
  EXPECT_FALSE(fits("7", "[!0-9]"));
  EXPECT_TRUE(fits("]", "[]]"));
  EXPECT_TRUE(fits("-", "[a-]"));
  EXPECT_TRUE(fits("ü", "[ä-ü]"));
  EXPECT_TRUE(fits("*", "[*]"));
  EXPECT_FALSE(fits("a", "[*]"));
  EXPECT_TRUE(fits("[a", "[a"));
  EXPECT_TRUE(fits("x7.png", "*[0-9].png"));
}

}  // namespace
}  // namespace ip2p
