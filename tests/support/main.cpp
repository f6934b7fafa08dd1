// main.cpp - runs the unit tests. A warning or error in the log fails the test that caused it.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
