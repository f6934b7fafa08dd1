// results_files.h - which files below an output folder hold results, and whose they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ip2p/base/files.h"
#include "ip2p/batch/shard.h"

namespace ip2p {

/// Hidden files of the batch: the lock and what is under way.
fs::path hidden_folder(const fs::path& folder);

/// "PREFIX.jsonl", or "PREFIX-I-of-N.jsonl" for a shard.
std::string shard_file_name(const std::string& prefix, const Shard& shard);

struct ShardFile {
  fs::path path;
  Shard shard;
};

/// The files of such a name in a folder, in the order of their shards; none when there is no such
/// folder. Error{file} when it cannot be listed.
std::vector<ShardFile> shard_files(const fs::path& folder, const std::string& prefix);

/// Of the results themselves (in the output folder) and of begun writes (in the hidden folder).
inline constexpr auto results_prefix = "results";
inline constexpr auto begun_prefix = "begun";
/// In the hidden folder, of a run that came to its end; it holds how many items the run had.
inline constexpr auto finished_prefix = "finished";

}  // namespace ip2p
