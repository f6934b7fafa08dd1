// main.cpp - ip2p_train_probe OPERATION REQUEST.json IN.safetensors OUT.safetensors runs one
// function on the tensors that the request names. Prints {"ok": true} or {"ok": false, "exit",
// "error"}.
#include <array>
#include <iostream>
#include <string_view>

#include <torch/torch.h>

#include "ip2p/base/error.h"
#include "ip2p/image/read.h"
#include "ip2p/model/clip.h"
#include "ip2p/train/checkpoint.h"
#include "ip2p/train/collective.h"
#include "ip2p/train/optimizer.h"

namespace ip2p::probe {
namespace {

using Json = nlohmann::json;

/// {"tensors": {NAME: SHAPE, ...}}, all float32, filled from the file.
NamedTensors read_all(const Json& request, const fs::path& path) {
  NamedTensors tensors;
  for (const auto& [name, shape] : request.at("tensors").items())
    tensors.emplace_back(name, torch::zeros(shape.get<std::vector<std::int64_t>>()));
  read_tensors(path, tensors);
  return tensors;
}

torch::Tensor at(const NamedTensors& tensors, const std::string& name) {
  for (const auto& [known, tensor] : tensors)
    if (known == name) return tensor;
  throw Error(Exit::usage, text("no tensor ", name));
}

/// {"optimizer", "rates": [...], "parameters": [NAME, ...], and numbers of TrainConfig}: one step a
/// rate, with the gradients "STEP/NAME"; those that are not there are not set. -> the parameters.
NamedTensors optimizer(const Json& request, const NamedTensors& tensors) {
  TrainConfig config;
  config.optimizer = request.at("optimizer");
  config.weight_decay = request.at("weight_decay");
  config.beta1 = request.value("beta1", config.beta1);
  config.beta2 = request.value("beta2", config.beta2);
  config.momentum = request.value("momentum", config.momentum);
  config.adam_rate = request.value("adam_rate", config.adam_rate);

  NamedTensors parameters;
  for (const std::string name : request.at("parameters"))
    parameters.emplace_back(name, at(tensors, name).set_requires_grad(true));
  const auto moving = make_optimizer(parameters, config);
  const std::vector<double> rates = request.at("rates");
  for (std::size_t step = 0; step < rates.size(); ++step) {
    for (const auto& [name, parameter] : parameters) {
      const std::string gradient = text(step, "/", name);
      parameter.mutable_grad() =
          request.at("tensors").contains(gradient) ? at(tensors, gradient) : torch::Tensor();
    }
    if (request.contains("clip"))
      std::cerr << clip_gradients(parameters, request.at("clip")) << '\n';
    moving->step(rates[step]);
  }
  return parameters;
}

/// {"arithmetic": "bfloat16" or "float32"} -> every tensor orthogonalised, in that dtype.
NamedTensors orthogonalise(const Json& request, const NamedTensors& tensors) {
  const auto arithmetic =
      request.at("arithmetic") == "bfloat16" ? torch::kBFloat16 : torch::kFloat32;
  NamedTensors results;
  for (const auto& [name, matrix] : tensors)
    results.emplace_back(name, newton_schulz(matrix, arithmetic));
  return results;
}

/// -> every tensor once as it is and once in each half precision.
NamedTensors copy(const Json& /*request*/, const NamedTensors& tensors) {
  NamedTensors results = tensors;
  for (const auto& [name, tensor] : tensors) {
    results.emplace_back(name + " float16", tensor.to(torch::kFloat16));
    results.emplace_back(name + " bfloat16", tensor.to(torch::kBFloat16));
    results.emplace_back(name + " int64", tensor.to(torch::kInt64));
    results.emplace_back(name + " turned", tensor.t());
  }
  return results;
}

/// {"out": NAME, "fails": RANK or none} in several processes: every tensor times 1 + rank,
/// averaged; and times 1 + rank, handed on. Each process writes NAME-RANK.safetensors.
NamedTensors together(const Json& request, const NamedTensors& tensors) {
  const auto collective = join_processes(torch::kCPU);
  const auto rank = static_cast<double>(collective->rank());
  if (request.value("fails", -1.0) == rank) throw Error(Exit::file, "a file is missing here alone");
  NamedTensors results;
  std::vector<torch::Tensor> means;
  std::vector<torch::Tensor> firsts;
  for (const auto& [name, tensor] : tensors) {
    means.push_back(tensor * (1 + rank));
    firsts.push_back(tensor * (1 + rank));
    results.emplace_back("mean " + name, means.back());
    results.emplace_back("first " + name, firsts.back());
  }
  collective->average(means);
  collective->broadcast(firsts);
  collective->wait();
  const Json about{{"rank", collective->rank()}, {"world", collective->world()}};
  write_tensors(text(request.at("out").get<std::string>(), "-", rank, ".safetensors"), results,
                about);
  return results;
}

/// {"folder", "pictures": [PATH, ...], "texts": [...]} -> what a CLIP bundle gives for each:
/// "pixels N", "picture N" and "text N".
NamedTensors clip(const Json& request, const NamedTensors& /*tensors*/) {
  const Clip model(request.at("folder").get<std::string>(), place("cpu", "float32"));
  NamedTensors results;
  for (const std::string path : request.at("pictures")) {
    const torch::Tensor pixels = model.pixels(read_image(path));
    const std::size_t number = results.size() / 2;
    results.emplace_back(text("pixels ", number), pixels);
    results.emplace_back(text("picture ", number), model.encode_pictures(pixels));
  }
  std::size_t number = 0;
  for (const std::string words : request.at("texts"))
    results.emplace_back(text("text ", number++), model.encode_texts(model.tokens(words)));
  return results;
}

struct Operation {
  std::string_view name;
  NamedTensors (*run)(const Json& request, const NamedTensors& tensors);
};

constexpr std::array operations{Operation{"optimizer", optimizer}, Operation{"clip", clip},
                                Operation{"newton_schulz", orthogonalise}, Operation{"copy", copy},
                                Operation{"together", together}};

void run(const std::string& name, const Json& request, const fs::path& in, const fs::path& out) {
  for (const Operation& operation : operations)
    if (operation.name == name)
      return write_tensors(out, operation.run(request, read_all(request, in)), request);
  throw Error(Exit::usage, text("unknown operation ", name));
}

}  // namespace
}  // namespace ip2p::probe

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  try {
    const ip2p::Bytes request = ip2p::read_file(argv[2]);
    ip2p::probe::run(argv[1], nlohmann::json::parse(request.begin(), request.end()), argv[3],
                     argv[4]);
    std::cout << R"({"ok": true})" << '\n';
  } catch (const ip2p::Error& error) {
    const nlohmann::json answer{
        {"ok", false}, {"exit", static_cast<int>(error.exit())}, {"error", error.what()}};
    std::cout << answer.dump() << '\n';
    return static_cast<int>(error.exit());
  }
  return 0;
}
