// module.h - one TorchScript archive: checked before it is trusted, loaded, run. Only module.cpp
// includes libtorch's script headers: another runtime would stand behind these two functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/model/manifest.h"
#include "ip2p/model/placement.h"

namespace ip2p {

/// A loaded archive.
class Module {
 public:
  /// Error{model} when the file is no archive of this kind, or its code could do more than tensor
  /// arithmetic.
  Module(const BundleFile& file, const Placement& placement);
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;
  ~Module();

  /// Runs it: tensors on the module's device, floating-point ones in its dtype but for those the
  /// archive wants otherwise. Concurrent calls are safe. Error{model} when it refuses its
  /// arguments, Error{device} when memory runs out.
  [[nodiscard]] torch::Tensor operator()(const std::vector<torch::Tensor>& arguments) const;

 private:
  [[noreturn]] void fail(const torch::Tensor& input, const std::string& message) const;

  struct Script;
  std::string name_;
  std::unique_ptr<Script> script_;
};

}  // namespace ip2p
