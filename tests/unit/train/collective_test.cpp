// collective_test.cpp - one process alone, several that cannot speak, and how tensors travel. Two
// real processes are in tests/cli/test_processes.py.
#include "ip2p/train/collective.h"

#include <cstdlib>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "mpi_collective.h"
#include "support/throws.h"

namespace ip2p {
namespace {

/// Two processes of which the other one has the same numbers plus one; and process 0's are sevens.
class Twins : public MpiWorld {
 public:
  explicit Twins(int& messages) : messages_(messages) {}

  [[nodiscard]] std::uint64_t rank() const override { return 1; }
  [[nodiscard]] std::uint64_t size() const override { return 2; }
  void sum(std::span<float> values) override {
    ++messages_;
    for (float& value : values) value += value + 1;
  }
  void broadcast(std::span<std::uint8_t> bytes) override {
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{7});
  }
  void wait() override {}

 private:
  int& messages_;
};

/// While it lives, a variable of the environment is set.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST(Collective, OneProcessKeepsWhatItHas) {
  const auto alone = join_processes(torch::kCPU);
  EXPECT_EQ(alone->rank(), 0);
  EXPECT_EQ(alone->world(), 1);
  const torch::Tensor tensor = torch::arange(5, torch::kFloat32);
  alone->average({tensor});
  alone->broadcast({tensor});
  alone->wait();
  EXPECT_TRUE(torch::equal(tensor, torch::arange(5, torch::kFloat32)));
}

TEST(Collective, TorchrunWithoutAGpuIsRefused) {
  const Variable world("WORLD_SIZE", "2");
  const Variable rank("RANK", "0");
  test::expect_error(
      Exit::usage, [] { join_processes(torch::kCPU); }, "2 processes", "cpu", "mpirun");
}

TEST(Collective, TheMeanIsTakenOfEveryKindOfTensor) {
  int messages = 0;
  const auto collective = make_mpi_collective(std::make_unique<Twins>(messages));
  EXPECT_EQ(collective->rank(), 1);
  EXPECT_EQ(collective->world(), 2);

  const torch::Tensor values = torch::arange(24, torch::kFloat32).reshape({4, 6});
  const std::vector<torch::Tensor> tensors{
      values.clone(),
      values.clone().t(),
      values.to(torch::kBFloat16),
      torch::full({}, 3.0F),
      torch::zeros({0, 2}),
      torch::ones({3}, torch::requires_grad()),
      torch::arange(3 << 20, torch::kFloat32),
      torch::arange(6 << 20, torch::kFloat32).reshape({3 << 20, 2}).select(1, 0),
      values.clone()};
  std::vector<torch::Tensor> expected;
  for (const torch::Tensor& tensor : tensors)
    expected.push_back((tensor.detach().to(torch::kFloat32) + 0.5).to(tensor.dtype()));
  collective->average(tensors);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    EXPECT_TRUE(torch::equal(tensors[i], expected[i])) << i;
  EXPECT_EQ(messages, 3);  // the large one in place, what is with the other large one, the last
  collective->average({});
  EXPECT_EQ(messages, 3);
}

TEST(Collective, WhatIsHandedOnReachesEveryKindOfTensor) {
  int messages = 0;
  const auto collective = make_mpi_collective(std::make_unique<Twins>(messages));
  const torch::Tensor bytes = torch::zeros({4, 6}, torch::kUInt8);
  const torch::Tensor turned = torch::zeros({4, 6}, torch::kUInt8).t();
  const torch::Tensor counts = torch::zeros({2}, torch::kInt64);
  collective->broadcast({bytes, turned, counts, torch::zeros({0})});
  EXPECT_TRUE(torch::equal(bytes, torch::full({4, 6}, 7, torch::kUInt8)));
  EXPECT_TRUE(torch::equal(turned, torch::full({6, 4}, 7, torch::kUInt8)));
  EXPECT_EQ(counts[1].item<std::int64_t>(), 0x0707070707070707);
}

}  // namespace
}  // namespace ip2p
