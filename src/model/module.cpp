// module.cpp - TorchScript's own safety net has holes: unpickling runs a class's __setstate__, and
// aten has operators that read and write files. So the archive's code is read as text before it is
// loaded, and the graph that would run is compared with a list of operators before it runs.
#include "module.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <optional>
#include <set>

#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/script.h>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"
#include "ip2p/model/compute_errors.h"

#include "allowed_operators.h"
#include "mapped_archive.h"
#include "rewrite_graph.h"

namespace ip2p {
namespace {

/// The line of a TorchScript traceback that names the error.
std::string last_line(std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return message.substr(message.rfind('\n') + 1);
}

[[noreturn]] void refuse(const BundleFile& file, const std::string& why) {
  throw Error(Exit::model,
              text(file.path, " ", why, "; export the bundle again with ", file.kind.exporter));
}

/// Whether an archive has a record of that name. Names are compared as they stand: libtorch finds
/// records without regard to case, so a record that only looks different could be loaded without
/// having been read here.
bool is_known_record(const std::string& name) {
  constexpr std::array fixed{"data.pkl",        "constants.pkl",          "version",
                             "byteorder",       ".data/serialization_id", ".data/version",
                             ".format_version", ".storage_alignment"};
  if (std::find(fixed.begin(), fixed.end(), name) != fixed.end()) return true;
  const auto below = [&name](std::string_view folder) {
    return name.starts_with(folder) &&
           name.find_first_not_of("0123456789", folder.size()) == std::string::npos;
  };
  return below("data/") || below("constants/") ||
         (name.starts_with("code/") && (name.ends_with(".py") || name.ends_with(".py.debug_pkl")));
}

std::string lower_case(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

void refuse_code_that_runs_on_load(const MappedArchive& archive, const BundleFile& file) {
  std::set<std::string> seen;
  archive.for_each_record([&](const std::string& record, std::string_view code) {
    if (!is_known_record(record) || !seen.insert(lower_case(record)).second)
      refuse(file, text("has a record that no bundle needs (", record, ")"));
    if (code.find("__setstate__") != std::string_view::npos)
      refuse(file,
             text("has code that would run while it is loaded (__setstate__ in ", record, ")"));
  });
}

void check_operators(const torch::jit::Block& block, const BundleFile& file) {
  for (const torch::jit::Node* node : block.nodes()) {
    const std::string kind = node->kind().toQualString();
    if (!is_allowed_operator(kind))
      refuse(file, text("calls the operator ", kind, ", which is not one that a bundle may use"));
    for (const torch::jit::Block* inner : node->blocks()) check_operators(*inner, file);
  }
}

void check_graph(const torch::jit::Module& module, const BundleFile& file) {
  const auto forward = module.find_method("forward");
  if (!forward) refuse(file, "has no forward method");
  const std::shared_ptr<torch::jit::Graph> graph = forward->graph()->copy();
  torch::jit::Inline(*graph);
  check_operators(*graph->block(), file);
}

[[noreturn]] void refuse_or_out_of_memory(const BundleFile& file, const Placement& placement,
                                          const std::string& message) {
  if (is_out_of_memory(message))
    throw_out_of_memory(device_name(placement.device), text("loading ", file.path));
  refuse(file, text("is not a TorchScript archive (", first_line(message), ")"));
}

torch::jit::Module load(const BundleFile& file, const Placement& placement) {
  const fs::path& path = file.path;
  try {
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&start] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    MappedArchive archive(path);
    refuse_code_that_runs_on_load(archive, file);
    torch::jit::Module module = archive.load();
    check_graph(module, file);
    const double read = seconds();
    module.eval();
    archive.fill(module, placement.device, placement.dtype);
    for (torch::Tensor parameter : module.parameters()) parameter.set_requires_grad(false);
    log::debug(text(path.filename(), " read in ", read, " s, on ", device_name(placement.device),
                    " as ", dtype_name(placement.dtype), " after ", seconds(), " s"));
    return module;
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    refuse_or_out_of_memory(file, placement, error.what_without_backtrace());
  } catch (const std::exception& error) {
    refuse_or_out_of_memory(file, placement, error.what());
  }
}

}  // namespace

/// The archive as it is, or the code that its graph was rewritten into: then the module has no
/// weights of its own any more.
struct Module::Script {
  torch::jit::Module module;
  std::optional<torch::jit::Code> rewritten{};
};

Module::Module(const BundleFile& file, const Placement& placement)
    : name_(file.path.filename().string()),
      script_(std::make_unique<Script>(Script{.module = load(file, placement)})) {}

Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;
Module::~Module() = default;

torch::Tensor Module::operator()(const std::vector<torch::Tensor>& arguments) const {
  // The graph is a trace: there is nothing to specialise. Without this guard the first two calls
  // would be spent on profiling (seconds), and later ones could run fused kernels that round
  // differently.
  const torch::jit::GraphOptimizerEnabledGuard no_profiling(false);
  try {
    if (script_->rewritten) {
      torch::jit::Stack stack{script_->module._ivalue()};
      stack.insert(stack.end(), arguments.begin(), arguments.end());
      script_->module.get_method("forward").function().getSchema().checkAndNormalizeInputs(stack);
      torch::jit::InterpreterState(*script_->rewritten).run(stack);
      return stack.front().toTensor();
    }
    const torch::jit::Method forward = script_->module.get_method("forward");
    return forward({arguments.begin(), arguments.end()}).toTensor();
  } catch (const c10::Error& error) {
    fail(arguments.front(), first_line(error.what_without_backtrace()));
  } catch (const std::runtime_error& error) {
    // how the interpreter passes on whatever an operator threw, with the traceback of the archive's
    // code
    fail(arguments.front(), last_line(error.what()));
  }
}

void Module::rewrite(const Placement& placement, Runs runs) {
  const torch::NoGradGuard no_gradients;
  try {
    script_->module = torch::jit::freeze_module(script_->module);
    const std::shared_ptr<torch::jit::Graph> graph = script_->module.get_method("forward").graph();
    rewrite_graph(*graph, placement, runs);
    script_->rewritten.emplace(graph, name_);
  } catch (const c10::Error& error) {
    fail_to_rewrite(placement, error.what_without_backtrace());
  } catch (const std::exception& error) {
    fail_to_rewrite(placement, error.what());
  }
}

void Module::fail_to_rewrite(const Placement& placement, const std::string& message) const {
  if (is_out_of_memory(message))
    throw_out_of_memory(device_name(placement.device), text("loading ", name_));
  throw Error(Exit::model, text(name_, " cannot be computed in a faster way (", first_line(message),
                                "); run it with --rewrites none"));
}

NamedTensors Module::parameters() const {
  TORCH_CHECK(!script_->rewritten, name_, " has no weights of its own any more");
  NamedTensors weights;
  for (const auto& [name, tensor] : script_->module.named_parameters())
    weights.emplace_back(name, tensor);
  return weights;
}

void Module::save(const fs::path& path, torch::Dtype dtype) const {
  TORCH_CHECK(!script_->rewritten, name_, " has no weights of its own any more");
  try {
    const torch::NoGradGuard no_grad;
    torch::jit::Module copy = script_->module.deepcopy();
    copy.to(torch::kCPU);
    const auto convert = [dtype](torch::Tensor tensor) {
      tensor.set_requires_grad(false);
      if (tensor.is_floating_point()) tensor.set_data(tensor.to(dtype));
    };
    for (const torch::Tensor& parameter : copy.parameters()) convert(parameter);
    for (const torch::Tensor& buffer : copy.buffers()) convert(buffer);
    copy.save(path.string());
  } catch (const std::exception& error) {
    throw Error(Exit::file, text("cannot write ", path, ": ", first_line(error.what())));
  }
}

void Module::fail(const torch::Tensor& input, const std::string& message) const {
  if (is_out_of_memory(message))
    throw_out_of_memory(device_name(input.device()), text("running ", name_));
  throw Error(Exit::model, text(name_, " does not accept input of shape ", input.sizes(), " (",
                                message, "); export the bundle again"));
}

}  // namespace ip2p
