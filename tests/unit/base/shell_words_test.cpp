// shell_words_test.cpp - words that a shell gives back as they were.
#include "ip2p/base/shell_words.h"

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace ip2p {
namespace {

/// What bash makes of the command, a zero byte behind each word.
std::string said_by_bash(const std::vector<std::string>& words) {
  std::vector<std::string> command{"printf", "%s\\0"};
  command.insert(command.end(), words.begin(), words.end());
  const std::string line = "exec bash -c " + shell_words({shell_words(command)});
  const std::string through_bash = "bash <<'end of command'\n" + line + "\nend of command\n";
  struct Close {
    void operator()(std::FILE* pipe) const { (void)::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(through_bash.c_str(), "re"));
  std::string said;
  for (int byte = std::fgetc(pipe.get()); byte != EOF; byte = std::fgetc(pipe.get()))
    said += static_cast<char>(byte);
  return said;
}

const std::array<std::string, 14> hostile{"",
                                          "it's",
                                          "$(touch /tmp/x) `x` ${y} !! \\",
                                          "a b\tc",
                                          "line\nline\r",
                                          "\x1b[31mred",
                                          "\u202egnp.tac",
                                          "\u05d0\u05d1 \u2066x\u2069",
                                          "\xff\xfe",
                                          "\xffg\xff"
                                          "a1",
                                          "~/*?[x]{a,b}",
                                          "-x",
                                          "\u96ea & <b>",
                                          "zero\u200bwidth\u00a0'\\"};

TEST(ShellWords, AShellGivesThemBack) {
  std::string expected;
  for (const std::string& word : hostile) expected += word + '\0';
  EXPECT_EQ(said_by_bash({hostile.begin(), hostile.end()}), expected);
}

TEST(ShellWords, WhatIsPlainStaysPlain) {
  EXPECT_EQ(shell_words({"ip2p", "regress", "suite/a-b_c.d"}), "ip2p regress suite/a-b_c.d");
  EXPECT_EQ(shell_words({"a b", "it's", "\u96ea"}), "'a b' 'it'\\''s' '\u96ea'");
  EXPECT_EQ(shell_words({""}), "''");
}

TEST(ShellWords, NothingIsHiddenInThem) {
  EXPECT_EQ(shell_words({"x\u202egnp"}), "$'x\\xe2\\x80\\xaegnp'");
  EXPECT_EQ(shell_words({"\xff"
                         "a"}),
            "$'\\xff\\x61'");
  EXPECT_EQ(shell_words({"\n'"}), "$'\\x0a\\''");
}

}  // namespace
}  // namespace ip2p
