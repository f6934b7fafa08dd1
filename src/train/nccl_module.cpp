// nccl_module.cpp - libip2p_nccl.so: processes on GPUs, by libtorch's own NCCL.
#include <chrono>
#include <memory>

#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "ip2p/base/error.h"

#include "nccl_collective.h"

namespace ip2p {
namespace {

/// How long processes wait for one that does not come.
constexpr std::chrono::minutes patience{10};

template <class Call>
void guarded(const char* doing, Call call) {
  try {
    const c10::NoGradGuard no_grad;
    call();
  } catch (const c10::Error& error) {
    throw Error(Exit::device, text("NCCL failed ", doing, ": ", error.what_without_backtrace(),
                                   "; a process is lost or cannot be reached, so start the run "
                                   "again"));
  }
}

std::string needed(const Environment& environment, const char* name) {
  if (auto value = environment(name)) return *value;
  throw Error(Exit::usage,
              text("several processes on GPUs meet at MASTER_ADDR and MASTER_PORT, and ", name,
                   " is not set; set it to an address and a free port of the "
                   "machine of process 0, the same for all"));
}

std::uint16_t port_from(const std::string& value) {
  const int port = value.size() <= 5 &&
                           value.find_first_not_of("0123456789") == std::string::npos &&
                           !value.empty()
                       ? std::stoi(value)
                       : 0;
  if (port < 1 || port > 65535)
    throw Error(Exit::usage, text("MASTER_PORT is \"", value, "\", expected 1 to 65535"));
  return static_cast<std::uint16_t>(port);
}

c10::intrusive_ptr<c10d::Store> meeting_place(const Launch& launch) {
  const Environment environment = process_environment();
  c10d::TCPStoreOptions options;
  options.port = port_from(needed(environment, "MASTER_PORT"));
  // torchrun keeps the place open itself, and says so.
  options.isServer =
      launch.rank == 0 && environment("TORCHELASTIC_USE_AGENT_STORE").value_or("") != "True";
  options.numWorkers = launch.world;
  options.timeout = patience;
  auto store = c10::make_intrusive<c10d::TCPStore>(needed(environment, "MASTER_ADDR"), options);
  // Processes that torchrun started again must not meet the ones that are gone.
  return c10::make_intrusive<c10d::PrefixStore>(
      text("ip2p/", environment("TORCHELASTIC_RESTART_COUNT").value_or("0")), std::move(store));
}

class NcclCollective : public Collective {
 public:
  NcclCollective(const Launch& launch, const torch::Device& device)
      : launch_(launch), device_(device) {
    guarded("to start", [&] {
      const c10::DeviceGuard on_device(device_);
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = patience;
      group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(meeting_place(launch),
                                                           static_cast<int>(launch.rank),
                                                           static_cast<int>(launch.world), options);
    });
  }

  [[nodiscard]] std::uint64_t rank() const override { return launch_.rank; }
  [[nodiscard]] std::uint64_t world() const override { return launch_.world; }

  void average(const std::vector<torch::Tensor>& tensors) override {
    c10d::AllreduceCoalescedOptions options;
    options.reduceOp = c10d::ReduceOp::AVG;
    in_place(tensors, "to average", [&](std::vector<torch::Tensor>& sent) {
      group_->allreduce_coalesced(sent, options)->wait();
    });
  }

  void broadcast(const std::vector<torch::Tensor>& tensors) override {
    in_place(tensors, "to hand numbers on", [&](std::vector<torch::Tensor>& sent) {
      for (const torch::Tensor& tensor : sent) {
        std::vector<torch::Tensor> one{tensor};
        group_->broadcast(one, c10d::BroadcastOptions())->wait();
      }
    });
  }

  void wait() override {
    guarded("to wait", [&] {
      c10d::BarrierOptions options;
      options.device = device_;
      group_->barrier(options)->wait();
    });
  }

 private:
  /// Calls `act` with the tensors as NCCL takes them, and puts back what had to be copied. Nothing
  /// waits for the GPU here but its own stream.
  template <class Act>
  void in_place(const std::vector<torch::Tensor>& tensors, const char* doing, Act act) {
    if (tensors.empty()) return;
    guarded(doing, [&] {
      const c10::DeviceGuard on_device(device_);
      std::vector<torch::Tensor> sent;
      for (const torch::Tensor& tensor : tensors)
        sent.push_back(tensor.detach().to(device_).contiguous());
      act(sent);
      for (std::size_t i = 0; i < tensors.size(); ++i)
        if (!sent[i].is_alias_of(tensors[i])) tensors[i].detach().copy_(sent[i]);
    });
  }

  Launch launch_;
  torch::Device device_;
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> group_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) Collective* ip2p_join_nccl(
    const Launch& launch, const torch::Device& device) {
  return std::make_unique<NcclCollective>(launch, device).release();
}

}  // namespace ip2p
