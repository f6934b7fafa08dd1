// checkpoint_test.cpp - tensors there and back, disks that are full, and which checkpoints stay.
#include "ip2p/train/checkpoint.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "ip2p/train/safetensors.h"

#include "support/expected_warnings.h"
#include "support/size_limit.h"
#include "support/temporary_folder.h"
#include "support/throws.h"

namespace ip2p {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using Json = nlohmann::json;

NamedTensors some_tensors(double scale) {
  const torch::Tensor values = torch::linspace(-scale, scale, 24).reshape({2, 3, 4});
  return {{"bytes", torch::arange(5, torch::kUInt8)},
          {"half", values.to(torch::kFloat16)},
          {"brain", values.to(torch::kBFloat16)},
          {"weight", values.clone().set_requires_grad(true)},
          {"turned", values.transpose(0, 2)},
          {"count", torch::full({}, 7, torch::kInt64)},
          {"nothing", torch::zeros({0, 3})}};
}

NamedTensors zeros_like(const NamedTensors& tensors) {
  NamedTensors zeros;
  for (const auto& [name, tensor] : tensors)
    zeros.emplace_back(name, torch::zeros_like(tensor.detach()));
  return zeros;
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

void cut_short(const fs::path& path) {
  fs::resize_file(path, fs::file_size(path) - 1);
}

TEST(Tensors, ComeBackToTheBit) {
  const TemporaryFolder folder;
  const NamedTensors tensors = some_tensors(3);
  const Json about{{"step", 12}, {"seed", 18446744073709551615U}};
  write_tensors(folder / "a.safetensors", tensors, about);

  NamedTensors read = zeros_like(tensors);
  ASSERT_FALSE(read[4].second.is_contiguous());
  std::reverse(read.begin(), read.end());  // by name, not by place
  EXPECT_EQ(read_tensors(folder / "a.safetensors", read), about);
  std::reverse(read.begin(), read.end());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    EXPECT_TRUE(torch::equal(read[i].second, tensors[i].second)) << tensors[i].first;
}

TEST(Tensors, EveryOneBeginsOnAMultipleOfItsElements) {
  const TemporaryFolder folder;
  write_tensors(folder / "a", some_tensors(3), Json::object());
  const Bytes file = read_file(folder / "a");
  const StoredFile stored = parse_safetensors(file, "a");
  EXPECT_EQ(stored.tensors.size(), some_tensors(3).size());
  for (const StoredTensor& tensor : stored.tensors) {
    const std::uint64_t place = file.size() - stored.data.size() + tensor.begin;
    EXPECT_EQ(place % safetensors_element_bytes(tensor.dtype), 0) << tensor.name;
  }
}

TEST(Tensors, APartCanBeRead) {
  const TemporaryFolder folder;
  const NamedTensors tensors = some_tensors(3);
  write_tensors(folder / "a", tensors, Json::object());
  const NamedTensors part{{"weight", torch::zeros({2, 3, 4}, torch::requires_grad())}};
  read_tensors(folder / "a", part);
  EXPECT_TRUE(torch::equal(part[0].second, tensors[3].second));
}

TEST(Tensors, WhatDiffersIsNamed) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  write_tensors(path, {{"w", torch::zeros({2, 3})}}, Json::object());
  const auto refuse = [&](const NamedTensors& tensors, auto... parts) {
    expect_error(Exit::file, [&] { read_tensors(path, tensors); }, path.string(), parts...);
  };
  refuse({{"v", torch::zeros({2, 3})}}, "tensor v is missing");
  refuse({{"w", torch::zeros({3, 2})}}, "tensor w", "expected shape [3, 2]", "got [2, 3]");
  refuse({{"w", torch::zeros({2, 3}, torch::kFloat16)}}, "expected dtype F16", "got F32");
  expect_error(Exit::file, [&] { read_tensors(folder / "missing", {}); }, "missing");
  expect_error(
      Exit::bug, [&] { write_tensors(path, {{"w", torch::zeros({2}, torch::kBool)}}, {}); },
      "bool");
}

TEST(Tensors, AFullDiskLeavesWhatWasThere) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  const torch::Tensor old = torch::ones({10});
  write_tensors(path, {{"w", old}}, Json::object());
  {
    const test::SizeLimit limit(100'000);
    expect_error(
        Exit::file, [&] { write_tensors(path, {{"w", torch::zeros({100'000})}}, Json::object()); },
        "cannot write", path.string());
  }
  const NamedTensors read{{"w", torch::zeros({10})}};
  read_tensors(path, read);
  EXPECT_TRUE(torch::equal(read[0].second, old));
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"a"});
}

TEST(Checkpoints, TheLatestStay) {
  const TemporaryFolder folder;
  const Checkpoints checkpoints(folder / "run" / "checkpoints", 2);
  EXPECT_FALSE(checkpoints.latest());
  for (const std::int64_t step : {900, 1000, 12345678, 123456789}) {
    checkpoints.save(step, {{"w", torch::full({3}, static_cast<double>(step))}}, {{"step", step}});
    const NamedTensors read{{"w", torch::zeros({3})}};
    EXPECT_EQ(read_tensors(checkpoints.latest().value(), read).at("step"), step);
  }
  EXPECT_EQ(names_in(folder / "run" / "checkpoints"),
            (std::set<std::string>{"step-12345678.safetensors", "step-123456789.safetensors"}));
}

TEST(Checkpoints, DamagedOnesAreSkippedAloud) {
  const TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path(), 3);
  for (const std::int64_t step : {1, 2, 3})
    checkpoints.save(step, {{"w", torch::zeros({3})}}, Json::object());
  cut_short(folder / "step-00000003.safetensors");
  std::ofstream(folder / "step-00000002.safetensors") << "nothing of the kind";
  std::ofstream(folder / "step-4.safetensors") << "not one of ours";
  {
    const test::ExpectedWarnings warnings;
    EXPECT_EQ(checkpoints.latest(), folder / "step-00000001.safetensors");
    EXPECT_EQ(warnings.sentences().size(), 2);
  }
  // a damaged one from later than the new one takes no good one's place
  const Checkpoints one(folder.path(), 1);
  one.save(2, {{"w", torch::zeros({3})}}, Json::object());
  EXPECT_EQ(names_in(folder.path()),
            (std::set<std::string>{"step-00000002.safetensors", "step-00000003.safetensors",
                                   "step-4.safetensors"}));
}

TEST(Checkpoints, AFailedWriteDeletesNothing) {
  const TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path(), 1);
  checkpoints.save(1, {{"w", torch::zeros({3})}}, Json::object());
  {
    const test::SizeLimit limit(100'000);
    expect_error(
        Exit::file, [&] { checkpoints.save(2, {{"w", torch::zeros({100'000})}}, Json::object()); },
        "cannot write");
  }
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"step-00000001.safetensors"});
  EXPECT_TRUE(checkpoints.latest());
}

TEST(Checkpoints, WhatAKilledRunLeftGoes) {
  const TemporaryFolder folder;
  std::ofstream(folder / ".ip2p-partial-abcdef") << "half";
  const Checkpoints checkpoints(folder.path(), 1);
  EXPECT_FALSE(checkpoints.latest());
  checkpoints.save(1, {{"w", torch::zeros({3})}}, Json::object());
  EXPECT_EQ(names_in(folder.path()), std::set<std::string>{"step-00000001.safetensors"});
}

TEST(Checkpoints, TheBestOutlivesItsStep) {
  const TemporaryFolder folder;
  const Checkpoints checkpoints(folder.path(), 1);
  for (const std::int64_t step : {1, 2, 3}) {
    checkpoints.save(step, {{"w", torch::zeros({3})}}, {{"step", step}});
    if (step == 3) break;
    checkpoints.mark_best(step);
    checkpoints.mark_best(step);  // again: nothing is left behind
    EXPECT_EQ(names_in(folder.path()).size(), 2);
    EXPECT_EQ(read_tensors(folder / "best.safetensors", {}).at("step"), step);
  }
  EXPECT_EQ(names_in(folder.path()),
            (std::set<std::string>{"step-00000003.safetensors", "best.safetensors"}));
  EXPECT_EQ(read_tensors(folder / "best.safetensors", {}).at("step"), 2);
  expect_error(Exit::file, [&] { checkpoints.mark_best(2); }, "step-00000002");
  EXPECT_EQ(names_in(folder.path()).size(), 2);
}

TEST(Checkpoints, AFolderThatCannotBeIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  expect_error(
      Exit::file, [&] { Checkpoints(folder / "file" / "run", 1); }, "cannot make the folder");
}

}  // namespace
}  // namespace ip2p
