// module.h - one TorchScript archive: checked before it is trusted, loaded, rewritten where that
// pays, run. Another runtime would stand behind these functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ip2p/model/bundle_file.h"
#include "ip2p/model/named_tensors.h"
#include "ip2p/model/placement.h"

#include "rewrite_graph.h"

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

  /// Has it compute in the ways that its placement's rewrites say (rewrite_graph.h). From then on
  /// it has no gradients, no `parameters`, and cannot be saved.
  void rewrite(const Placement& placement, Runs runs);

  /// Runs it, recording for gradients where the weights ask for them: tensors on the module's
  /// device, floating-point ones in its dtype but for those the archive wants otherwise. Concurrent
  /// calls are safe. Error{model} when it refuses its arguments, Error{device} when memory runs
  /// out.
  [[nodiscard]] torch::Tensor operator()(const std::vector<torch::Tensor>& arguments) const;

  /// The weights, by their names in the archive and in its order.
  [[nodiscard]] NamedTensors parameters() const;

  /// Writes the archive with the weights as they are now, floating-point ones in `dtype`. Must not
  /// be the file it was loaded from. Error{file} when it cannot be written.
  void save(const fs::path& path, torch::Dtype dtype) const;

 private:
  [[noreturn]] void fail_to_rewrite(const Placement& placement, const std::string& message) const;
  [[noreturn]] void fail(const torch::Tensor& input, const std::string& message) const;

  struct Script;
  std::string name_;
  std::unique_ptr<Script> script_;
};

}  // namespace ip2p
