// without_root.h - a user for whom permissions count, for one test.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

namespace ip2p::test {

/// While it lives, a test that root runs is run by nobody, for whom permissions count.
class WithoutRoot {
 public:
  WithoutRoot() : was_root_(::geteuid() == 0) {
    constexpr uid_t nobody = 65534;
    if (was_root_) set_user(nobody, nobody);
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;
  ~WithoutRoot() {
    if (was_root_) set_user(0, 0);
  }

 private:
  static void set_user(uid_t real, uid_t effective) {
    EXPECT_EQ(::setresuid(real, effective, 0), 0);
  }

  bool was_root_;
};

}  // namespace ip2p::test
