// load_verified.h - a bundle's files are loaded while they are hashed: both read the same pages.
#pragma once

#include <future>
#include <vector>

#include "ip2p/model/bundle_file.h"

namespace ip2p {

/// Calls `load` while one thread hashes these files; one, because loading needs the other cores.
/// What is wrong with a file is better said by its hash than by the parser that stumbles over it,
/// so a failed verification wins.
template <class Load>
void load_verified(const std::vector<BundleFile>& files, Load load) {
  for (const BundleFile& file : files) verify_size(file);
  std::future<void> hashes = std::async(std::launch::async, [&files] {
    for (const BundleFile& file : files) verify_file(file);
  });
  try {
    load();
    hashes.get();
  } catch (...) {
    if (hashes.valid()) hashes.get();
    throw;
  }
}

}  // namespace ip2p
