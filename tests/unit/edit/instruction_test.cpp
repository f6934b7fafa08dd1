// instruction_test.cpp - what an instruction may be.
#include "ip2p/edit/instruction.h"

#include <gtest/gtest.h>

#include "ip2p/base/error.h"

namespace ip2p::test {
namespace {

TEST(Instruction, BlankOnesAreRefused) {
  for (const char* blank : {"", " ", "\t\n  "}) EXPECT_THROW(check_instruction(blank), Error);
  EXPECT_THROW(check_instruction("--steps"), Error);
  EXPECT_NO_THROW(check_instruction("make it snow"));
}

}  // namespace
}  // namespace ip2p::test
