// batches.cpp - the items of a batch, each drawn by its place.
#include "ip2p/train/batches.h"

#include <optional>
#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"

#include "batch_plan.h"
#include "damage.h"
#include "latent_source.h"
#include "read_ahead.h"

namespace ip2p {
namespace {

void check_multiple(const std::string& key, std::int64_t pixels, const LatentGrid& grid) {
  if (pixels % grid.size_multiple == 0) return;
  throw Error(Exit::usage, text(key, ": expected a multiple of ", grid.size_multiple,
                                " (the bundle's size_multiple), got ", pixels));
}

void check_sizes(const TrainConfig& config, const LatentGrid& grid, const Share& share) {
  check_multiple("resolution", config.resolution, grid);
  for (std::size_t i = 0; i < config.crops.size(); ++i)
    check_multiple(text("crops[", i, "].pixels"), config.crops[i].pixels, grid);
  for (const CropRule& rule : crop_rules(config))
    if (static_cast<std::uint64_t>(rule.batch) < share.world)
      throw Error(Exit::usage, text("batch: expected at least one example for each of ",
                                    share.world, " processes, got ", rule.batch));
}

}  // namespace

struct Batches::Parts {
  Parts(const TrainConfig& given, std::vector<Example> listed, const LatentGrid& grid,
        EncodePixels encode, Share part, std::uint64_t first, const ReadingWatch& watch)
      : config(given),
        share(part),
        examples(usable_examples(given, std::move(listed), watch.warns)),
        plan(given, examples),
        // without the cache, each process reads other pictures and speaks for itself
        damage(examples.size(), watch.listed, watch.warns || !given.cache_latents),
        source(
            given.cache_latents
                ? make_cached_latents(given, examples, grid, encode, part.rank == 0, damage, watch)
                : make_fresh_latents(given, examples, grid, std::move(encode), damage)),
        reader([this](std::uint64_t number) { return read(number); }, first,
               ReadAhead<Batch>::endless, static_cast<std::size_t>(given.reader_threads),
               static_cast<std::size_t>(given.reader_threads) + 1) {}

  Batch read(std::uint64_t number) const {
    const torch::NoGradGuard no_gradients;
    const BatchPlan::Batch planned = plan.batch(number);
    Batch batch;
    std::vector<torch::Tensor> inputs;
    std::vector<torch::Tensor> edited;
    for (std::uint64_t item = share.rank; item < planned.items; item += share.world) {
      const Place place{.seed = config.seed, .batch = number, .item = item};
      Item read = read_item(planned, place);
      inputs.push_back(std::move(read.loaded[0]));
      edited.push_back(std::move(read.loaded[1]));
      batch.instructions.push_back(std::move(read.instruction));
      batch.places.push_back(place);
    }
    batch.image = source->latents(inputs);
    batch.target = source->latents(edited);
    return batch;
  }

  struct Item {
    LatentSource::Loaded loaded;
    std::string instruction;
  };

  /// The example that stands there, or if it is damaged the first of its substitutes that is whole.
  [[nodiscard]] Item read_item(const BatchPlan::Batch& planned, const Place& place) const {
    const View view{.place = place,
                    .mirrored = config.flip && draw_uniform(place, Purpose::flip) < 0.5,
                    .side = planned.pixels};
    std::optional<std::size_t> number = plan.example(planned, place);
    for (std::uint64_t attempt = 1; number; ++attempt) {
      if (auto loaded = load(*number, view)) {
        const std::vector<std::string>& wordings = examples[*number].instructions;
        return {.loaded = std::move(*loaded),
                .instruction = wordings[draw_below(place, Purpose::wording, wordings.size())]};
      }
      number = plan.substitute(planned, place, attempt);
    }
    throw Error(Exit::file, text(config.data, ": hardly any example for batches of ",
                                 planned.pixels, " pixels can be read; repair them"));
  }

  [[nodiscard]] std::optional<LatentSource::Loaded> load(std::size_t example,
                                                         const View& view) const {
    if (damage.has(example)) return std::nullopt;
    return source->load(example, view);
  }

  TrainConfig config;
  Share share;
  std::vector<Example> examples;
  BatchPlan plan;
  Damage damage;
  std::unique_ptr<LatentSource> source;
  ReadAhead<Batch> reader;  // last: its threads use the others
};

Batches::Batches(const TrainConfig& config, std::vector<Example> examples, const LatentGrid& grid,
                 EncodePixels encode, Share share, std::uint64_t first, const ReadingWatch& watch) {
  check_sizes(config, grid, share);
  parts_ = std::make_unique<Parts>(config, std::move(examples), grid, std::move(encode), share,
                                   first, watch);
}

Batches::~Batches() = default;

Batch Batches::next() {
  return parts_->reader.next();
}

std::size_t Batches::damaged() const {
  return parts_->damage.count();
}

}  // namespace ip2p
