// draw.cpp - SplitMix64 (Steele, Lea and Flood 2014) as a hash, and a small Feistel network.
#include "ip2p/train/draw.h"

#include <bit>

namespace ip2p {
namespace {

/// SplitMix64's step and output function: a bijection of 64 bits.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t feistel_rounds = 6;

/// A permutation of the numbers of 2 * half_bits bits, another for each key.
std::uint64_t permuted(std::uint64_t number, unsigned half_bits, std::uint64_t key) {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  std::uint64_t left = number >> half_bits;
  std::uint64_t right = number & mask;
  for (std::uint64_t round = 0; round < feistel_rounds; ++round) {
    const std::uint64_t next = left ^ (mixed(mixed(key + round) ^ right) & mask);
    left = right;
    right = next;
  }
  return (left << half_bits) | right;
}

}  // namespace

std::uint64_t draw_bits(const Place& place, Purpose purpose) {
  std::uint64_t bits = mixed(place.seed);
  bits = mixed(bits ^ place.batch);
  bits = mixed(bits ^ place.item);
  return mixed(bits ^ static_cast<std::uint64_t>(purpose));
}

double draw_uniform(const Place& place, Purpose purpose) {
  return static_cast<double>(draw_bits(place, purpose) >> 11U) * 0x1p-53;
}

std::uint64_t draw_below(const Place& place, Purpose purpose, std::uint64_t count) {
  return draw_bits(place, purpose) % count;  // uneven by less than count / 2^64
}

std::uint64_t shuffled(std::uint64_t seed, std::uint64_t position, std::uint64_t count) {
  const std::uint64_t round = position / count;
  const std::uint64_t key = draw_bits({.seed = seed, .batch = round, .item = 0}, Purpose::order);
  // The smallest even number of bits that holds count, but no fewer than 8: halves of fewer than 4
  // bits have too few permutations to look drawn.
  const auto bits = static_cast<unsigned>(std::bit_width(count - 1));
  const unsigned half_bits = bits < 8 ? 4 : (bits + 1) / 2;
  std::uint64_t number = position % count;
  do {
    number = permuted(number, half_bits, key);
  } while (number >= count);
  return number;
}

}  // namespace ip2p
