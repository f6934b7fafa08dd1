// run_identity.h - what a checkpoint says of the run it belongs to, and whether this is that run.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "ip2p/model/manifest.h"
#include "ip2p/train/config.h"
#include "ip2p/train/example.h"

namespace ip2p {

/// The bundle's hash, the config without its paths, and the count and hash of the list of examples:
/// "bundle", "config", "examples".
nlohmann::json run_identity(const TrainConfig& config, const Manifest& manifest,
                            const std::vector<Example>& examples);

/// Compares what `checkpoint` says of its run, `about`, with this one's identity. Keys that decide
/// draws, weights or the optimizer must be the same (Error{usage} with the key, old and new); a
/// change of another is logged. What the checkpoint does not say is not compared. Error{file} when
/// it is no checkpoint of ip2p.
void check_same_run(const fs::path& checkpoint, const nlohmann::json& about,
                    const nlohmann::json& identity, const TrainConfig& config);

}  // namespace ip2p
