// folder_lock.h - a folder that belongs to one run at a time.
#pragma once

#include "ip2p/base/files.h"

namespace ip2p {

/// Held until it is destroyed, or the process ends however it ends.
class FolderLock {
 public:
  /// The folder is there. Error{file} when another process holds it. Where the file system has no
  /// locks, nothing is held.
  explicit FolderLock(const fs::path& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  int fd_ = -1;
};

}  // namespace ip2p
