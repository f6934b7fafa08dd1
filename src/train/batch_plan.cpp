// batch_plan.cpp - turns of batches over rounds of examples.
#include "batch_plan.h"

#include <algorithm>

#include "ip2p/base/error.h"
#include "ip2p/base/log.h"

namespace ip2p {

std::vector<CropRule> crop_rules(const TrainConfig& config) {
  if (!config.crops.empty()) return config.crops;
  return {{.pixels = config.resolution, .batch = config.batch, .share = 1}};
}

std::vector<Example> usable_examples(const TrainConfig& config, std::vector<Example> examples,
                                     bool warns) {
  const std::vector<CropRule> rules = crop_rules(config);
  const bool any_whole = std::ranges::any_of(
      rules, [&config](const CropRule& rule) { return rule.pixels == config.resolution; });
  if (!any_whole) {
    const std::size_t left_out =
        std::erase_if(examples, [](const Example& example) { return example.whole; });
    if (left_out > 0 && warns)
      log::warn(text(left_out, " examples are left out: they must be seen whole, and no crop has ",
                     "the resolution (", config.resolution, " pixels)"));
  }
  if (examples.empty())
    throw Error(Exit::file,
                text(config.data, " has no examples that could be seen with these crops"));
  return examples;
}

BatchPlan::BatchPlan(const TrainConfig& config, const std::vector<Example>& examples) {
  const std::vector<CropRule> rules = crop_rules(config);
  const auto is_whole = [&config](const CropRule& rule) {
    return rule.pixels == config.resolution;
  };
  const bool any_crops = !std::ranges::all_of(rules, is_whole);
  pools_[0].seed = config.seed;
  // a seed of its own: the two lists are not to run in step
  pools_[1].seed = draw_bits({.seed = config.seed, .batch = 0, .item = 1}, Purpose::order);
  for (std::size_t i = 0; i < examples.size(); ++i)
    pools_.at(any_crops && examples[i].whole ? 1 : 0).examples.push_back(i);

  for (const CropRule& rule : rules) {
    if (pools_[0].examples.empty() && !is_whole(rule))
      throw Error(Exit::file,
                  text(config.data, ": every example must be seen whole; crops of ", rule.pixels,
                       " pixels show none of them: take them out of crops"));
    for (std::int64_t i = 0; i < rule.share; ++i) {
      Batch batch{.pixels = rule.pixels,
                  .items = static_cast<std::uint64_t>(rule.batch),
                  .whole = is_whole(rule),
                  .positions = {pools_[0].items_a_turn, pools_[1].items_a_turn}};
      for (std::uint64_t item = 0; item < batch.items; ++item)
        ++pools_.at(pool_of(batch, item)).items_a_turn;
      turn_.push_back(batch);
    }
  }
}

BatchPlan::Batch BatchPlan::batch(std::uint64_t number) const {
  Batch batch = turn_[number % turn_.size()];
  for (std::size_t kind = 0; kind < pools_.size(); ++kind)
    batch.positions.at(kind) += number / turn_.size() * pools_.at(kind).items_a_turn;
  return batch;
}

std::size_t BatchPlan::example(const Batch& batch, const Place& place) const {
  const std::size_t kind = pool_of(batch, place.item);
  const Pool& pool = pools_.at(kind);
  // of the items before this one, as many are of its kind as the pattern of pool_of says
  const bool alternates = batch.whole && two_kinds();
  const std::uint64_t before = alternates ? place.item / 2 : place.item;
  return pool
      .examples[shuffled(pool.seed, batch.positions.at(kind) + before, pool.examples.size())];
}

std::optional<std::size_t> BatchPlan::substitute(const Batch& batch, const Place& place,
                                                 std::uint64_t attempt) const {
  constexpr std::uint64_t most_attempts = 1000;
  if (attempt > most_attempts) return std::nullopt;
  const Pool& pool = pools_.at(pool_of(batch, place.item));
  const Place again{.seed = place.seed + attempt - 1, .batch = place.batch, .item = place.item};
  return pool.examples[draw_below(again, Purpose::substitute, pool.examples.size())];
}

}  // namespace ip2p
