// mapped_archive.cpp - libtorch reads an archive through an adapter; ours notes where a record of
// weights was to be copied instead of copying it, and afterwards that note leads from a tensor's
// storage to its bytes in the file.
#include "mapped_archive.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/read_adapter_interface.h>

namespace ip2p {

class MappedArchive::Reader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit Reader(std::shared_ptr<const MappedFile> file) : file_(std::move(file)) {}

  [[nodiscard]] std::size_t size() const override { return file_->bytes().size(); }

  std::size_t read(std::uint64_t position, void* to, std::size_t count,
                   const char* /*what*/) const override {
    const ByteSpan bytes = file_->bytes();
    if (position >= bytes.size()) return 0;
    count = std::min<std::size_t>(count, bytes.size() - position);
    const auto record = weights_.find(position);
    if (record != weights_.end() && record->second == count) {
      left_out_[to] = bytes.subspan(position, count);
      return count;
    }
    std::memcpy(to, bytes.data() + position, count);
    return count;
  }

  /// Records of weights by where they start: these are left out from now on.
  void leave_out(std::map<std::uint64_t, std::size_t> weights) { weights_ = std::move(weights); }

  /// By the address they were to be copied to, the bytes that were not.
  [[nodiscard]] const std::map<const void*, ByteSpan>& left_out() const { return left_out_; }

 private:
  std::shared_ptr<const MappedFile> file_;
  std::map<std::uint64_t, std::size_t> weights_;
  mutable std::map<const void*, ByteSpan> left_out_;  // an archive is loaded by one thread
};

MappedArchive::MappedArchive(const fs::path& path)
    : file_(std::make_shared<MappedFile>(path)), reader_(std::make_shared<Reader>(file_)) {}

void MappedArchive::for_each_record(
    const std::function<void(const std::string& name, std::string_view code)>& take) const {
  caffe2::serialize::PyTorchStreamReader archive(reader_);
  for (const std::string& name : archive.getAllRecords()) {
    if (!name.starts_with("code/")) {
      take(name, {});
      continue;
    }
    const auto [bytes, size] = archive.getRecord(name);
    take(name, {static_cast<const char*>(bytes.get()), size});
  }
}

torch::jit::Module MappedArchive::load() {
  caffe2::serialize::PyTorchStreamReader archive(reader_);
  std::map<std::uint64_t, std::size_t> weights;
  for (const std::string& name : archive.getAllRecords())
    if (name.starts_with("data/"))
      weights[archive.getRecordOffset(name)] = archive.getRecordSize(name);
  reader_->leave_out(std::move(weights));
  // an interpreter's tracebacks are not for our users: source ranges stay unread
  return torch::jit::load(reader_, torch::kCPU, /*load_debug_files=*/false);
}

torch::Tensor MappedArchive::mapped(const torch::Tensor& tensor, ByteSpan bytes) const {
  TORCH_CHECK(tensor.storage().nbytes() <= bytes.size(), "a tensor is larger than its record");
  auto* start = const_cast<std::uint8_t*>(bytes.data());  // a tensor has no constant form
  const torch::Tensor storage = torch::from_blob(
      start, {static_cast<std::int64_t>(bytes.size())},
      // holds the mapping for as long as the tensor lives, and its pages no longer
      [file = file_, bytes](void*) { file->release(bytes); }, torch::kByte);
  return torch::empty({0}, tensor.options())
      .set_(storage.storage(), tensor.storage_offset(), tensor.sizes(), tensor.strides());
}

void MappedArchive::fill(const torch::jit::Module& module, torch::Device device,
                         torch::Dtype dtype) const {
  const torch::NoGradGuard no_grad;
  std::set<const void*> unfilled;
  for (const auto& [address, bytes] : reader_->left_out()) unfilled.insert(address);
  std::vector<torch::Tensor> replaced;  // keeps addresses from being given out again meanwhile
  const auto fill_one = [&](torch::Tensor tensor) {
    const void* address = tensor.storage().data();
    const auto left_out = reader_->left_out().find(address);
    const bool is_left_out = left_out != reader_->left_out().end();
    const torch::Tensor values = is_left_out ? mapped(tensor, left_out->second) : tensor;
    const torch::Tensor filled =
        values.is_floating_point() ? values.to(device, dtype) : values.to(device);
    if (is_left_out) {
      replaced.push_back(tensor.detach());
      unfilled.erase(address);
      if (!filled.is_same(values)) file_->release(left_out->second);
    }
    tensor.set_data(filled);
  };
  for (const torch::Tensor& parameter : module.parameters()) fill_one(parameter);
  for (const torch::Tensor& buffer : module.buffers()) fill_one(buffer);
  TORCH_CHECK(unfilled.empty(), "it holds tensors that are neither parameters nor buffers");
}

}  // namespace ip2p
