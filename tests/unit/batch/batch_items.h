// batch_items.h - what a source gives, as lists that a test can compare.
#pragma once

#include <string>
#include <vector>

#include "ip2p/batch/item_source.h"

namespace ip2p::test {

inline std::vector<BatchItem> all_of(ItemSource& source) {
  std::vector<BatchItem> items;
  while (auto item = source.next()) items.push_back(*item);
  return items;
}

inline std::vector<std::string> ids_of(const std::vector<BatchItem>& items) {
  std::vector<std::string> ids;
  for (const BatchItem& item : items) ids.push_back(item.id);
  return ids;
}

}  // namespace ip2p::test
