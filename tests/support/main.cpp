// main.cpp - runs the unit tests. A warning or error in the log fails the test that caused it.
#include <gtest/gtest.h>

#include "ip2p/base/log.h"

#include "support/expected_warnings.h"

namespace ip2p::test {
namespace {

void fail_on_warning(log::Level /*level*/, const std::string& sentence) {
  ADD_FAILURE() << "unexpected in the log: " << sentence;
}

}  // namespace

ExpectedWarnings::ExpectedWarnings() {
  log::set_observer([this](log::Level /*level*/, const std::string& sentence) {
    sentences_.push_back(sentence);
  });
}

ExpectedWarnings::~ExpectedWarnings() {
  log::set_observer(fail_on_warning);
}

}  // namespace ip2p::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  ip2p::log::set_level(ip2p::log::Level::off);
  ip2p::log::set_observer(ip2p::test::fail_on_warning);
  return RUN_ALL_TESTS();
}
