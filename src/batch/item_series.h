// item_series.h - the items of one input: each of its instructions in each of its variations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ip2p/batch/item_source.h"

namespace ip2p {

/// Error{usage} when the count is out of range or an instruction is none.
void check_rules(const ItemRules& rules);

/// Makes its items one after another: the variations of the first instruction, then the next's.
class ItemSeries {
 public:
  ItemSeries() = default;  ///< of no input: no items
  ItemSeries(BatchItem item, std::vector<std::string> instructions, std::int64_t count);

  std::optional<BatchItem> next();

 private:
  BatchItem item_;
  std::vector<std::string> instructions_;
  std::int64_t count_ = 1;
  std::size_t instruction_ = 0;
  std::int64_t variation_ = 0;
};

}  // namespace ip2p
