// item_series.cpp - instructions by variations.
#include "item_series.h"

#include <utility>

#include "ip2p/base/options.h"
#include "ip2p/edit/instruction.h"

namespace ip2p {

void check_rules(const ItemRules& rules) {
  if (!ItemRules::count_range.allows(rules.count))
    throw Error(Exit::usage,
                text("--count: expected ", expectation<std::int64_t>(ItemRules::count_range),
                     ", got ", rules.count));
  for (const std::string& instruction : rules.instructions) check_instruction(instruction);
}

ItemSeries::ItemSeries(BatchItem item, std::vector<std::string> instructions, std::int64_t count)
    : item_(std::move(item)), instructions_(std::move(instructions)), count_(count) {}

std::optional<BatchItem> ItemSeries::next() {
  if (variation_ == count_) {
    variation_ = 0;
    ++instruction_;
  }
  if (instruction_ >= instructions_.size()) return std::nullopt;
  BatchItem item = item_;
  item.instruction = instructions_[instruction_];
  item.edits = instructions_.size();
  item.count = count_;
  item.edit = static_cast<std::int64_t>(instruction_) + 1;
  item.variation = variation_++;
  return item;
}

}  // namespace ip2p
