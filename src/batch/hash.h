// hash.h - numbers made of names: the same on every machine and in every version.
#pragma once

#include <cstdint>
#include <string_view>

namespace ip2p {

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
constexpr std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3U;
  }
  return hash;
}

/// SplitMix64 (Steele, Lea and Flood 2014) as a hash. The low bits of FNV-1a depend on the low bits
/// of each byte alone; every bit of this depends on all.
constexpr std::uint64_t well_mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace ip2p
