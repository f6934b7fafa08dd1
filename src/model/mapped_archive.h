// mapped_archive.h - a TorchScript archive whose weights are not read until it is known where they
// go. libtorch's own reader copies each record into memory of its own, and moving the module to
// another dtype copies it again: for a model of two gigabytes that is most of the time before the
// first step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <torch/script.h>

#include "ip2p/base/mapped_file.h"

namespace ip2p {

class MappedArchive {
 public:
  /// Maps the file and reads the archive's directory. c10::Error when it is no archive.
  explicit MappedArchive(const fs::path& path);

  /// Calls `take(name, bytes)` for every record; `bytes` is empty but for records of code.
  void for_each_record(
      const std::function<void(const std::string& name, std::string_view code)>& take) const;

  /// The module, all of its weights still to be filled: their values are undefined until `fill`.
  [[nodiscard]] torch::jit::Module load();

  /// Gives every tensor of the loaded module its values, on the device, floating-point ones in the
  /// dtype (whole numbers are indices and stay as they are). Where neither changes, a tensor is the
  /// mapped file itself and costs nothing; the module keeps the mapping alive. Otherwise each
  /// value is read once and written once. c10::Error when the archive holds tensors that no
  /// parameter or buffer refers to.
  void fill(const torch::jit::Module& module, torch::Device device, torch::Dtype dtype) const;

 private:
  class Reader;
  [[nodiscard]] torch::Tensor mapped(const torch::Tensor& tensor, ByteSpan bytes) const;

  std::shared_ptr<const MappedFile> file_;
  std::shared_ptr<Reader> reader_;
};

}  // namespace ip2p
