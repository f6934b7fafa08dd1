// throws.h - asks of a call that it fails with a certain exit code and sentence.
#pragma once

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ip2p/base/error.h"

namespace ip2p::test {

/// Fails the test unless `call` throws an Error with this exit code whose sentence contains every
/// one of `parts`.
template <class Call, class... Parts>
void expect_error(Exit exit, Call call, const Parts&... parts) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.exit()), static_cast<int>(exit)) << error.what();
    for (const std::string& part : std::vector<std::string>{parts...})
      EXPECT_THAT(error.what(), testing::HasSubstr(part));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    return;
  }
  ADD_FAILURE() << "expected an Error, nothing was thrown";
}

}  // namespace ip2p::test
