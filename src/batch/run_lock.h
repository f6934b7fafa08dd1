// run_lock.h - who may work on an output folder at the same time.
#pragma once

#include "ip2p/base/descriptor.h"
#include "ip2p/base/files.h"
#include "ip2p/batch/shard.h"

namespace ip2p {

/// Held until it is destroyed or the process ends, however it ends. A run of everything excludes
/// all others; shards of one count exclude only another run of the same shard.
class RunLock {
 public:
  /// Error{file} at once when another process is at work, or when the file system has no locks.
  RunLock(const fs::path& folder, const Shard& shard);

 private:
  Descriptor folder_;  ///< shared by shards of one count
  Descriptor shard_;   ///< this shard's own
};

}  // namespace ip2p
