// draw.h - random choices of a training run as pure functions of where in the run they are made.
// Nothing has a state: a resumed run, and any number of processes, draw what one undisturbed
// process would.
#pragma once

#include <cstdint>

namespace ip2p {

/// What a number is drawn for; each purpose has a stream of its own.
enum class Purpose : std::uint64_t {
  order,
  substitute,
  wording,
  crop_x,
  crop_y,
  flip,
  dropout,
  timestep,
  noise,
  offset,
};

/// The place of a draw: batch number from 0 (optimizer steps times accumulate) and the item's
/// number in the whole batch, over all processes.
struct Place {
  std::uint64_t seed = 0;
  std::uint64_t batch = 0;
  std::uint64_t item = 0;
};

/// 64 well-mixed bits (SplitMix64 over the place and the purpose).
std::uint64_t draw_bits(const Place& place, Purpose purpose);

/// In [0, 1), 53 bits.
double draw_uniform(const Place& place, Purpose purpose);

/// In [0, count), count above 0.
std::uint64_t draw_below(const Place& place, Purpose purpose, std::uint64_t count);

/// The element that stands at `position` of an endless list that holds each of 0 .. count-1 once in
/// every round of `count`, in another order each round (a Feistel permutation, walked until it
/// falls below count).
std::uint64_t shuffled(std::uint64_t seed, std::uint64_t position, std::uint64_t count);

}  // namespace ip2p
