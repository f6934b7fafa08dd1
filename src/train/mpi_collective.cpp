// mpi_collective.cpp - tensors as MPI takes them: runs of numbers in main memory.
#include "mpi_collective.h"

#include <ATen/ops/cat.h>
#include <c10/core/GradMode.h>

namespace ip2p {
namespace {

/// Small tensors travel together, because a message costs as much as ten thousand numbers; a large
/// one travels alone and in place.
constexpr std::int64_t bucket_numbers = 1 << 20;

bool travels_in_place(const torch::Tensor& tensor) {
  return tensor.is_cpu() && tensor.is_contiguous() && tensor.scalar_type() == torch::kFloat32;
}

std::span<float> numbers_of(const torch::Tensor& flat) {
  return {flat.mutable_data_ptr<float>(), static_cast<std::size_t>(flat.numel())};
}

torch::Tensor flattened(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> flat;
  for (const torch::Tensor& tensor : tensors)
    flat.push_back(tensor.to(torch::kCPU, torch::kFloat32).reshape({-1}));
  return at::cat(flat);
}

void copy_back(const torch::Tensor& flat, const std::vector<torch::Tensor>& tensors) {
  std::int64_t begin = 0;
  for (const torch::Tensor& tensor : tensors) {
    tensor.copy_(flat.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
    begin += tensor.numel();
  }
}

class MpiCollective : public Collective {
 public:
  explicit MpiCollective(std::unique_ptr<MpiWorld> world) : world_(std::move(world)) {}

  [[nodiscard]] std::uint64_t rank() const override { return world_->rank(); }
  [[nodiscard]] std::uint64_t world() const override { return world_->size(); }

  void average(const std::vector<torch::Tensor>& tensors) override {
    const c10::NoGradGuard no_grad;
    std::vector<torch::Tensor> bucket;
    std::int64_t numbers = 0;
    for (const torch::Tensor& parameter : tensors) {
      const torch::Tensor tensor = parameter.detach();
      if (tensor.numel() >= bucket_numbers && travels_in_place(tensor)) {
        average_flat(tensor);
        continue;
      }
      bucket.push_back(tensor);
      numbers += tensor.numel();
      if (numbers >= bucket_numbers) {
        average_bucket(bucket);
        bucket.clear();
        numbers = 0;
      }
    }
    if (numbers > 0) average_bucket(bucket);
  }

  void broadcast(const std::vector<torch::Tensor>& tensors) override {
    const c10::NoGradGuard no_grad;
    for (const torch::Tensor& parameter : tensors) {
      const torch::Tensor tensor = parameter.detach();
      const torch::Tensor sent = tensor.to(torch::kCPU).contiguous();  // itself, if it is that
      world_->broadcast({static_cast<std::uint8_t*>(sent.mutable_data_ptr()), sent.nbytes()});
      if (!sent.is_same(tensor)) tensor.copy_(sent);
    }
  }

  void wait() override { world_->wait(); }

 private:
  void average_bucket(const std::vector<torch::Tensor>& bucket) {
    const torch::Tensor flat = flattened(bucket);
    average_flat(flat);
    copy_back(flat, bucket);
  }

  void average_flat(const torch::Tensor& flat) {
    world_->sum(numbers_of(flat));
    flat.div_(static_cast<double>(world_->size()));
  }

  std::unique_ptr<MpiWorld> world_;
};

}  // namespace

std::unique_ptr<Collective> make_mpi_collective(std::unique_ptr<MpiWorld> world) {
  return std::make_unique<MpiCollective>(std::move(world));
}

}  // namespace ip2p
