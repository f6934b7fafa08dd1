// mapped_archive_test.cpp - weights that were never copied are the weights that were saved.
#include "mapped_archive.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace ip2p {
namespace {

using test::TemporaryFolder;

/// A module with weights of several types, two of which share their memory.
torch::jit::Module module_of(torch::Dtype dtype) {
  torch::manual_seed(5);
  torch::jit::Module module("m");
  const torch::Tensor large = torch::randn({300, 200}).to(dtype);
  module.register_parameter("large", large, /*is_buffer=*/false);
  module.register_parameter("column", large.slice(1, 3, 5), /*is_buffer=*/false);
  module.register_parameter("small", torch::randn({1}).to(dtype), /*is_buffer=*/false);
  module.register_buffer("index", torch::arange(7));
  module.register_buffer("empty", torch::zeros({0, 4}).to(dtype));
  module.define("def forward(self, x):\n  return x + self.large.sum() + self.small\n");
  return module;
}

torch::jit::Module loaded(const fs::path& path, torch::Dtype dtype) {
  MappedArchive archive(path);
  torch::jit::Module module = archive.load();
  archive.fill(module, torch::kCPU, dtype);
  return module;  // without the archive: what it mapped must stay
}

TEST(MappedArchive, GivesTheSavedWeightsInAnyDtype) {
  const TemporaryFolder folder;
  for (const torch::Dtype stored : {torch::kFloat16, torch::kFloat32}) {
    const torch::jit::Module saved = module_of(stored);
    saved.save((folder / "m.pt").string());
    for (const torch::Dtype asked : {torch::kFloat32, torch::kFloat16, torch::kBFloat16}) {
      const torch::jit::Module module = loaded(folder / "m.pt", asked);
      std::size_t compared = 0;
      for (const auto& [name, tensor] : saved.named_attributes()) {
        if (!tensor.isTensor()) continue;
        const torch::Tensor expected = tensor.toTensor();
        const torch::Tensor got = module.attr(name).toTensor();
        EXPECT_TRUE(got.equal(expected.is_floating_point() ? expected.to(asked) : expected))
            << name;
        ++compared;
      }
      EXPECT_EQ(compared, 5U);
    }
  }
}

TEST(MappedArchive, CopiesNothingWhenNothingChanges) {
  const TemporaryFolder folder;
  module_of(torch::kFloat32).save((folder / "m.pt").string());
  const torch::jit::Module module = loaded(folder / "m.pt", torch::kFloat32);
  // two views of one record of the file share its bytes; copies would not
  EXPECT_EQ(module.attr("large").toTensor().const_data_ptr<float>() + 3,
            module.attr("column").toTensor().const_data_ptr<float>());
}

TEST(MappedArchive, RefusesWeightsThatNothingRefersTo) {
  const TemporaryFolder folder;
  torch::jit::Module module = module_of(torch::kFloat32);
  const c10::List<torch::Tensor> list({torch::randn({50}), torch::randn({60})});
  module.register_attribute("list", torch::jit::ListType::ofTensors(), list);
  module.save((folder / "m.pt").string());
  EXPECT_THROW(loaded(folder / "m.pt", torch::kFloat32), c10::Error);
}

}  // namespace
}  // namespace ip2p
