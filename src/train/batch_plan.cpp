// batch_plan.cpp - turns of batches over rounds of examples.
#include "batch_plan.h"

#include <algorithm>
#include <utility>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {

std::vector<CropRule> crop_rules(const TrainConfig& config) {
  if (!config.crops.empty()) return config.crops;
  return {{.pixels = config.resolution, .batch = config.batch, .share = 1}};
}

std::vector<Example> usable_examples(const TrainConfig& config, std::vector<Example> examples) {
  const std::vector<CropRule> rules = crop_rules(config);
  const bool any_whole = std::ranges::any_of(
      rules, [&config](const CropRule& rule) { return rule.pixels == config.resolution; });
  if (!any_whole) {
    const std::size_t left_out =
        std::erase_if(examples, [](const Example& example) { return example.whole; });
    if (left_out > 0)
      log::warn(text(left_out, " examples are left out: they must be seen whole, and no crop has ",
                     "the resolution (", config.resolution, " pixels)"));
  }
  if (examples.empty())
    throw Error(Exit::file,
                text(config.data, " has no examples that could be seen with these crops"));
  return examples;
}

BatchPlan::BatchPlan(const TrainConfig& config, const std::vector<Example>& examples) {
  Pool all{.examples = {}, .seed = config.seed, .items_a_turn = 0};
  // a seed of its own: the two lists are not to run in step
  Pool croppable{.examples = {},
                 .seed = draw_bits({.seed = config.seed, .batch = 0, .item = 1}, Purpose::order),
                 .items_a_turn = 0};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    all.examples.push_back(i);
    if (!examples[i].whole) croppable.examples.push_back(i);
  }
  const bool differ = croppable.examples.size() < all.examples.size();
  pools_.push_back(std::move(all));
  if (differ) pools_.push_back(std::move(croppable));

  for (const CropRule& rule : crop_rules(config)) {
    const bool whole = rule.pixels == config.resolution;
    Pool& pool = pools_[pool_of(whole)];
    if (pool.examples.empty())
      throw Error(Exit::file,
                  text(config.data, ": every example must be seen whole; crops of ", rule.pixels,
                       " pixels show none of them: take them out of crops"));
    for (std::int64_t i = 0; i < rule.share; ++i) {
      turn_.push_back({.pixels = rule.pixels,
                       .items = static_cast<std::uint64_t>(rule.batch),
                       .whole = whole,
                       .position = pool.items_a_turn});
      pool.items_a_turn += turn_.back().items;
    }
  }
}

BatchPlan::Batch BatchPlan::batch(std::uint64_t number) const {
  Batch batch = turn_[number % turn_.size()];
  batch.position += number / turn_.size() * pools_[pool_of(batch.whole)].items_a_turn;
  return batch;
}

std::size_t BatchPlan::example(const Batch& batch, const Place& place) const {
  const Pool& pool = pools_[pool_of(batch.whole)];
  return pool.examples[shuffled(pool.seed, batch.position + place.item, pool.examples.size())];
}

std::optional<std::size_t> BatchPlan::substitute(const Batch& batch, const Place& place,
                                                 std::uint64_t attempt) const {
  constexpr std::uint64_t most_attempts = 1000;
  if (attempt > most_attempts) return std::nullopt;
  const Pool& pool = pools_[pool_of(batch.whole)];
  const Place again{.seed = place.seed + attempt - 1, .batch = place.batch, .item = place.item};
  return pool.examples[draw_below(again, Purpose::substitute, pool.examples.size())];
}

}  // namespace ip2p
