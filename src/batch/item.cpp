// item.cpp - the seed that belongs to an item wherever it is made.
#include "ip2p/batch/item.h"

#include "hash.h"

namespace ip2p {

std::uint64_t item_seed(const BatchItem& item, std::uint64_t base_seed) {
  const auto variation = static_cast<std::uint64_t>(item.variation);
  if (item.options.seed) return *item.options.seed + variation;
  // 32 bits: a number that a person can copy into another command.
  return (well_mixed(fnv1a(item.id) ^ well_mixed(base_seed)) >> 32U) + variation;
}

}  // namespace ip2p
