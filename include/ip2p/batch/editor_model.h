// editor_model.h - the models of a batch: a loaded bundle for each device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ip2p/batch/engine.h"
#include "ip2p/model/rewrites.h"

namespace ip2p {

/// What the models of a batch have in common.
struct LoadedModels {
  std::vector<std::unique_ptr<BatchModel>> models;  ///< one a device
  std::string device;                               ///< as records name it
  std::vector<std::string> placed;                  ///< each device once: "cpu", "cuda:0"
  std::string dtype;
};

/// Loads a bundle on every device ("cpu", "cuda:0", ...). A device that is named again shares its
/// weights; `cpu_threads` is how many each model on the CPU may use, 0 for all. Error{model},
/// Error{device}.
LoadedModels load_models(const fs::path& bundle, const std::vector<std::string>& devices,
                         const std::string& dtype, int cpu_threads,
                         const Rewrites& rewrites = all_rewrites());

}  // namespace ip2p
