// shard.h - a part of a batch that can be run alone, and again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace ip2p {

/// Part `index` of `count`, from 1.
struct Shard {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

/// "2/8" as --shard takes it; where it is not given, SLURM_ARRAY_TASK_ID with SLURM_ARRAY_TASK_MIN,
/// _MAX, _COUNT and _STEP, or JOB_COMPLETION_INDEX with JOB_COMPLETIONS (Kubernetes does not set
/// the latter: the job's file must); else everything. Empty variables are not given. Error{usage}
/// when the numbers do not fit, and for a Slurm array that does not begin at 0 or 1 or has gaps: it
/// may be one of which some tasks run again, and its size is then not the number of shards.
Shard shard_from(const std::optional<std::string>& given, const Environment& environment);

/// Whether an output (its path below the output folder) is this shard's. Stable: depends on the
/// path alone, not on order or on what else there is. FNV-1a 64, mixed.
bool in_shard(const std::string& output, const Shard& shard);

}  // namespace ip2p
