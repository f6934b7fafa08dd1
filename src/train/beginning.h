// beginning.h - what is known of a run, and refused, before a weight is loaded.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/model/placement.h"
#include "ip2p/train/collective.h"
#include "ip2p/train/config.h"
#include "ip2p/train/example.h"

#include "folder_lock.h"

namespace ip2p {

struct Beginning {
  /// Joins the other processes, reads the lists of examples, and in process 0 takes the output
  /// folder and finds the checkpoint to go on from. Error{usage}, {file}, {model}, {device}.
  explicit Beginning(const TrainConfig& config);

  /// Whether this is process 0.
  [[nodiscard]] bool writes() const { return collective->rank() == 0; }

  Placement placement;
  std::unique_ptr<Collective> collective;
  std::vector<Example> examples;
  std::vector<Example> held_out;
  nlohmann::json identity;             ///< run_identity.h
  std::unique_ptr<FolderLock> lock;    ///< process 0's, as what follows
  std::optional<fs::path> checkpoint;  ///< the latest; none at the start of a run
  nlohmann::json about;                ///< what it says
};

/// The folder, which is made when it is not there. Error{file}.
fs::path made_folder(const fs::path& folder);

}  // namespace ip2p
