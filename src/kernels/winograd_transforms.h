// winograd_transforms.h - the transforms of Winograd's convolution, compiled once for each set of
// vector instructions. Includes nothing that has code of its own: the linker could take it from the
// object that was compiled for a newer processor.
#pragma once

#include <cstdint>

namespace ip2p {

/// Pictures in channels-last order and the tiles of m x m outputs that cover them, in rows.
struct TileGrid {
  std::int64_t height = 0, width = 0;  ///< of a picture
  std::int64_t down = 0, across = 0;   ///< tiles of a picture
};

/// Channels come sixteen at a time.
constexpr std::int64_t winograd_lanes = 16;

/// Tiles are numbered over all pictures; those from `first` up to `last` are transformed. A stack
/// holds (m+2)² planes of `count` tiles each, from tile `begin` on.
struct WinogradTransforms {
  /// Filters (O,channels,3,3) -> planes ((m+2)²,O,channels), those of the outputs from `first` up
  /// to `last`; there are `outputs` of them.
  void (*filters)(const float* filters, std::int64_t channels, std::int64_t outputs,
                  std::int64_t first, std::int64_t last, float* planes);
  /// pictures (B,H,W,channels) -> stack ((m+2)²,count,channels). `zeros` holds `channels` of them.
  void (*inputs)(const TileGrid& grid, const float* pictures, std::int64_t channels,
                 const float* zeros, std::int64_t first, std::int64_t last, std::int64_t begin,
                 std::int64_t count, float* stack);
  /// stack -> pictures, plus `bias`.
  void (*outputs)(const TileGrid& grid, const float* stack, std::int64_t channels,
                  const float* bias, std::int64_t first, std::int64_t last, std::int64_t begin,
                  std::int64_t count, float* pictures);
};

// winograd_transforms.cpp, compiled for each; [0] is of m = 2, [1] of m = 4.
namespace baseline {
extern const WinogradTransforms winograd_transforms[2];
}
namespace avx2 {
extern const WinogradTransforms winograd_transforms[2];
}
namespace avx512 {
extern const WinogradTransforms winograd_transforms[2];
}

}  // namespace ip2p
