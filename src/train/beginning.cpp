// beginning.cpp - the cheap checks come before the seconds that loading takes.
#include "beginning.h"

#include <system_error>

#include "ip2p/base/error.h"
#include "ip2p/model/devices.h"
#include "ip2p/model/manifest.h"
#include "ip2p/train/checkpoint.h"

#include "batch_plan.h"
#include "launch.h"
#include "run_identity.h"

namespace ip2p {
namespace {

/// Gradients are averaged over processes with equal weights, so their shares must be equal.
void check_shares(const TrainConfig& config, std::uint64_t world) {
  for (const CropRule& rule : crop_rules(config))
    if (static_cast<std::uint64_t>(rule.batch) % world != 0)
      throw Error(Exit::usage, text("a batch of ", rule.batch, " cannot be shared by ", world,
                                    " processes; make it a multiple of their number"));
}

Placement own_placement(const TrainConfig& config) {
  const Launch launch = launch_from(process_environment());
  const bool chooses = launch.world > 1 && config.device != "cpu";
  const std::uint64_t gpus = chooses ? devices().size() - 1 : 0;  // the first is the CPU
  return place(own_device(config.device, launch, gpus), "float32");
}

std::vector<Example> read_list(const std::string& path) {
  return path.empty() ? std::vector<Example>() : read_examples(path);
}

}  // namespace

fs::path made_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw Error(Exit::file, text("cannot make the folder ", folder, ": ", failed.message()));
  return folder;
}

Beginning::Beginning(const TrainConfig& config)
    : placement(own_placement(config)), collective(join_processes(placement.device)) {
  check_shares(config, collective->world());
  examples = read_list(config.data);
  held_out = read_list(config.validation_data);
  identity = run_identity(config, read_manifest(config.bundle), examples);
  if (!writes()) return;
  lock = std::make_unique<FolderLock>(made_folder(config.output));
  checkpoint = Checkpoints(fs::path(config.output) / "checkpoints", config.keep).latest();
  if (!checkpoint) return;
  about = read_about(*checkpoint);
  check_same_run(*checkpoint, about, identity, config);
}

}  // namespace ip2p
