// module.cpp - TorchScript's own safety net has holes: unpickling runs a class's __setstate__, and
// aten has operators that read and write files. So the archive's code is read as text before it is
// loaded, and the graph that would run is compared with a list of operators before it runs.
#include "module.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/script.h>

#include "ip2p/base/error.h"

#include "allowed_operators.h"
#include "out_of_memory.h"

namespace ip2p {
namespace {

/// libtorch's messages have a stack trace below; people need the line that says what is wrong.
std::string first_line(const std::string& message) {
  return message.substr(0, message.find('\n'));
}

/// The line of a TorchScript traceback that names the error.
std::string last_line(std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return message.substr(message.rfind('\n') + 1);
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Error(Exit::model,
              text(path, " ", why, "; export the bundle again with scripts/export_bundle.py"));
}

void refuse_code_that_runs_on_load(const fs::path& path) {
  caffe2::serialize::PyTorchStreamReader reader(path.string());
  for (const std::string& record : reader.getAllRecords()) {
    if (!record.starts_with("code/") || !record.ends_with(".py")) continue;
    const auto [data, size] = reader.getRecord(record);
    const std::string_view code(static_cast<const char*>(data.get()), size);
    if (code.find("__setstate__") != std::string_view::npos)
      refuse(path,
             text("has code that would run while it is loaded (__setstate__ in ", record, ")"));
  }
}

void check_operators(const torch::jit::Block& block, const fs::path& path) {
  for (const torch::jit::Node* node : block.nodes()) {
    const std::string kind = node->kind().toQualString();
    if (!is_allowed_operator(kind))
      refuse(path, text("calls the operator ", kind, ", which is not one that a bundle may use"));
    for (const torch::jit::Block* inner : node->blocks()) check_operators(*inner, path);
  }
}

void check_graph(const torch::jit::Module& module, const fs::path& path) {
  const auto forward = module.find_method("forward");
  if (!forward) refuse(path, "has no forward method");
  const std::shared_ptr<torch::jit::Graph> graph = forward->graph()->copy();
  torch::jit::Inline(*graph);
  check_operators(*graph->block(), path);
}

/// Moves every tensor to the device and the floating-point ones to the dtype, one at a time, so
/// that at most one tensor is there twice. Whole numbers stay whole: they are indices, not weights.
void move(const torch::jit::Module& module, const Placement& placement) {
  const torch::NoGradGuard no_grad;
  const auto moved = [&](const torch::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.to(placement.device, placement.dtype)
                                      : tensor.to(placement.device);
  };
  for (torch::Tensor parameter : module.parameters()) parameter.set_data(moved(parameter));
  for (torch::Tensor buffer : module.buffers()) buffer.set_data(moved(buffer));
}

torch::jit::Module load(const fs::path& path, const Placement& placement) {
  try {
    refuse_code_that_runs_on_load(path);
    torch::jit::Module module = torch::jit::load(path.string());
    check_graph(module, path);
    module.eval();
    move(module, placement);
    return module;
  } catch (const c10::OutOfMemoryError&) {
    throw_out_of_memory(placement.device, text("loading ", path));
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error)) throw_out_of_memory(placement.device, text("loading ", path));
    refuse(path,
           text("is not a TorchScript archive (", first_line(error.what_without_backtrace()), ")"));
  }
}

}  // namespace

struct Module::Script {
  torch::jit::Module module;
};

Module::Module(const BundleFile& file, const Placement& placement)
    : name_(file.path.filename().string()),
      script_(std::make_unique<Script>(load(file.path, placement))) {}

Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

torch::Tensor Module::operator()(const std::vector<torch::Tensor>& arguments) const {
  // The graph is a trace: there is nothing to specialise. Without this guard the first two calls
  // would be spent on profiling (seconds), and later ones could run fused kernels that round
  // differently.
  const torch::jit::GraphOptimizerEnabledGuard no_profiling(false);
  const c10::InferenceMode inference;
  try {
    const torch::jit::Method forward = script_->module.get_method("forward");
    return forward({arguments.begin(), arguments.end()}).toTensor();
  } catch (const c10::OutOfMemoryError&) {
    throw_out_of_memory(arguments.front().device(), text("running ", name_));
  } catch (const c10::Error& error) {
    if (is_out_of_memory(error))
      throw_out_of_memory(arguments.front().device(), text("running ", name_));
    throw Error(Exit::model,
                text(name_, " failed (", first_line(error.what_without_backtrace()), ")"));
  } catch (const std::runtime_error& error) {
    throw Error(Exit::model,
                text(name_, " does not accept input of shape ", arguments.front().sizes(), " (",
                     last_line(error.what()), "); export the bundle again"));
  }
}

}  // namespace ip2p
