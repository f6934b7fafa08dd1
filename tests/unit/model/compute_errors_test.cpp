// compute_errors_test.cpp - libtorch's exceptions as sentences, with an advice that fits.
#include "ip2p/model/compute_errors.h"

#include <new>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;

template <class Thrown>
void rethrow(const Thrown& thrown, const std::string& advice) {
  try {
    throw thrown;
  } catch (...) {
    rethrow_compute_error("cpu", "training", advice);
  }
}

TEST(ComputeErrors, OfMemoryHaveTheCallersAdvice) {
  const std::string advice = "a smaller batch needs less";
  const std::string sentence = "memory of cpu ran out while ";
  expect_error(
      Exit::device, [&] { rethrow(std::bad_alloc(), advice); }, sentence + "training; " + advice);
  const c10::Error allocator({__func__, __FILE__, 1}, "DefaultCPUAllocator: can't allocate memory");
  expect_error(Exit::device, [&] { rethrow(allocator, advice); }, sentence + "training; " + advice);
  // also in the place of the one that it had deeper down
  const OutOfMemory deeper(sentence + "running unet.pt", edit_memory_advice);
  expect_error(
      Exit::device, [&] { rethrow(deeper, advice); }, sentence + "running unet.pt; " + advice);
}

}  // namespace
}  // namespace ip2p
