// cached_latents.cpp - latents out of the file that holds them all.
#include <map>
#include <utility>

#include <torch/torch.h>

#include "ip2p/base/error.h"

#include "latent_cache.h"
#include "latent_source.h"
#include "square.h"

namespace ip2p {
namespace {

using torch::Tensor;

/// Latents that were encoded before.
class CachedLatents : public LatentSource {
 public:
  CachedLatents(const TrainConfig& config, const std::vector<Example>& examples,
                const LatentGrid& grid, const EncodePixels& encode, bool by_this_process,
                Damage& damage, const ReadingWatch& watch)
      : grid_(grid), resolution_(config.resolution) {
    number_pictures(examples);
    cache_ = std::make_unique<LatentCache>(
        LatentCacheSpec{.folder = fs::path(config.output) / "latents",
                        .grid = grid,
                        .resolution = config.resolution,
                        .flip = config.flip},
        pictures_,
        LatentCacheMaking{.by_this_process = by_this_process,
                          .reader_threads = static_cast<std::size_t>(config.reader_threads),
                          .encode = encode,
                          .unreadable =
                              [&damage, count = std::size_t{0},
                               first = std::string()](const std::string& why) mutable {
                                if (++count == 1) first = why;
                                damage.check(count, first);
                              },
                          .encoded = watch.encoded,
                          .stopping = watch.stopping});
    find_damage(examples, damage);
  }

  /// Latents, (C,h,w) float16.
  std::optional<Loaded> load(std::size_t example, const View& view) override {
    const std::int64_t side = view.side / grid_.pixels_per_latent;
    const std::int64_t free = resolution_ / grid_.pixels_per_latent - side;
    const auto part = [&](std::size_t picture) {
      return cache_->latent(picture, view.mirrored)
          .narrow(1, view.top(free), side)
          .narrow(2, view.left(free), side);
    };
    return Loaded{part(pairs_[example].first), part(pairs_[example].second)};
  }

  Tensor latents(const std::vector<Tensor>& loaded) override {
    return torch::stack(loaded).to(torch::kFloat32);
  }

 private:
  /// Many edits have their input in common: it is encoded once.
  void number_pictures(const std::vector<Example>& examples) {
    std::map<fs::path, std::size_t> numbers;
    const auto number = [&](const fs::path& path) {
      const auto [found, is_new] = numbers.emplace(path, pictures_.size());
      if (is_new) pictures_.push_back(path);
      return found->second;
    };
    for (const Example& example : examples) {
      const std::size_t input = number(example.input);
      pairs_.emplace_back(input, number(example.edited));
    }
  }

  void find_damage(const std::vector<Example>& examples, Damage& damage) const {
    std::vector<std::size_t> damaged;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const Size input = cache_->original_size(pairs_[i].first);
      if (input == Size{} || input != cache_->original_size(pairs_[i].second)) damaged.push_back(i);
    }
    if (damaged.empty()) return;
    damage.check(damaged.size(), why(examples[damaged.front()], damaged.front()));
    for (const std::size_t i : damaged) damage.add(i, why(examples[i], i));
  }

  [[nodiscard]] std::string why(const Example& example, std::size_t number) const {
    const Size input = cache_->original_size(pairs_[number].first);
    const Size edited = cache_->original_size(pairs_[number].second);
    if (input != Size{} && edited != Size{}) return different_sizes(example, input, edited);
    const fs::path& unreadable = input == Size{} ? example.input : example.edited;
    const MaybeSquare again = read_square(unreadable, static_cast<int>(resolution_));
    if (!again.square) return again.failure;
    return text(unreadable, " could not be read when its latents were made");
  }

  LatentGrid grid_;
  std::int64_t resolution_;
  std::vector<fs::path> pictures_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;  // pictures of each example
  std::unique_ptr<const LatentCache> cache_;
};

}  // namespace

std::unique_ptr<LatentSource> make_cached_latents(const TrainConfig& config,
                                                  const std::vector<Example>& examples,
                                                  const LatentGrid& grid,
                                                  const EncodePixels& encode, bool by_this_process,
                                                  Damage& damage, const ReadingWatch& watch) {
  return std::make_unique<CachedLatents>(config, examples, grid, encode, by_this_process, damage,
                                         watch);
}

}  // namespace ip2p
