// winograd_transforms.cpp - B^T d B and A^T m A of Lavin and Gray 2016, equations 8 and 13, on
// sixteen channels at a time. CMake compiles this file for several processors, each into the
// namespace IP2P_PROCESSOR.
#include "winograd_transforms.h"

#include <cstddef>

namespace ip2p::IP2P_PROCESSOR {
namespace {

using Lanes = float __attribute__((vector_size(winograd_lanes * sizeof(float))));
using UnalignedLanes = float __attribute__((vector_size(winograd_lanes * sizeof(float)),
                                            aligned(alignof(float)), may_alias));

void load(const float* from, Lanes& to) {
  to = *reinterpret_cast<const UnalignedLanes*>(from);
}
void store(const Lanes& from, float* to) {
  *reinterpret_cast<UnalignedLanes*>(to) = from;
}

/// One dimension of the transforms, of values that are `step` apart; a filter's three become m + 2.
template <int m>
struct Line;

template <>
struct Line<2> {
  static void filter(Lanes* g, int step) {
    const Lanes g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const Lanes even = (g0 + g2) * 0.5F, odd = g1 * 0.5F;
    g[step] = even + odd;
    g[2 * step] = even - odd;
    g[3 * step] = g2;
  }
  static void input(Lanes* d, int step) {
    const Lanes d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    d[0] = d0 - d2;
    d[step] = d1 + d2;
    d[2 * step] = d2 - d1;
    d[3 * step] = d1 - d3;
  }
  static void output(Lanes* d, int step) {
    const Lanes d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    d[0] = d0 + d1 + d2;
    d[step] = d1 - d2 - d3;
  }
};

template <>
struct Line<4> {
  static void filter(Lanes* g, int step) {
    const Lanes g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const Lanes even = (g0 + g2) * (-1.0F / 6), odd = g1 * (1.0F / 6);
    const Lanes far_even = g0 * (1.0F / 24) + g2 * (1.0F / 6), far_odd = g1 * (1.0F / 12);
    g[0] = g0 * 0.25F;
    g[step] = even - odd;
    g[2 * step] = even + odd;
    g[3 * step] = far_even + far_odd;
    g[4 * step] = far_even - far_odd;
    g[5 * step] = g2;
  }
  static void input(Lanes* d, int step) {
    const Lanes d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step],
                d5 = d[5 * step];
    const Lanes even = d4 - 4 * d2, odd = d3 - 4 * d1, outer = d4 - d2, inner = 2 * (d3 - d1);
    d[0] = 4 * d0 - 5 * d2 + d4;
    d[step] = even + odd;
    d[2 * step] = even - odd;
    d[3 * step] = outer + inner;
    d[4 * step] = outer - inner;
    d[5 * step] = 4 * d1 - 5 * d3 + d5;
  }
  static void output(Lanes* d, int step) {
    const Lanes d0 = d[0], d5 = d[5 * step];
    const Lanes sum = d[step] + d[2 * step], difference = d[step] - d[2 * step];
    const Lanes far_sum = d[3 * step] + d[4 * step], far = d[3 * step] - d[4 * step];
    d[0] = d0 + sum + far_sum;
    d[step] = difference + 2 * far;
    d[2 * step] = sum + 4 * far_sum;
    d[3 * step] = difference + 8 * far + d5;
  }
};

/// Where a tile lies: its picture, and the row and column of its first output.
struct Place {
  std::int64_t picture, y, x;
};

Place place_of(const TileGrid& grid, std::int64_t tile, int m) {
  const std::int64_t in_picture = tile % (grid.down * grid.across);
  return {tile / (grid.down * grid.across), in_picture / grid.across * m,
          in_picture % grid.across * m};
}

bool inside(const TileGrid& grid, std::int64_t y, std::int64_t x) {
  return y >= 0 && y < grid.height && x >= 0 && x < grid.width;
}

template <int m>
void filters(const float* filters, std::int64_t channels, std::int64_t outputs, std::int64_t first,
             std::int64_t last, float* planes) {
  constexpr int side = m + 2;
  constexpr std::size_t cells = std::size_t{side} * side;
  for (std::int64_t o = first; o < last; ++o)
    for (std::int64_t c = 0; c < channels; c += winograd_lanes) {
      const float* const from = filters + (o * channels + c) * 9;
      Lanes g[cells];
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column)
          for (int lane = 0; lane < winograd_lanes; ++lane)
            g[row * side + column][lane] = from[lane * 9 + row * 3 + column];
      for (int column = 0; column < 3; ++column) Line<m>::filter(g + column, side);
      for (int row = 0; row < side; ++row) Line<m>::filter(g + row * side, 1);
      for (int i = 0; i < side * side; ++i) store(g[i], planes + (i * outputs + o) * channels + c);
    }
}

template <int m>
void inputs(const TileGrid& grid, const float* pictures, std::int64_t channels, const float* zeros,
            std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t count,
            float* stack) {
  constexpr int side = m + 2;
  constexpr std::size_t cells = std::size_t{side} * side;
  for (std::int64_t tile = first; tile < last; ++tile) {
    const Place place = place_of(grid, tile, m);
    const float* pixels[cells];
    for (int i = 0; i < side * side; ++i) {
      const std::int64_t y = place.y + i / side - 1, x = place.x + i % side - 1;
      pixels[i] = inside(grid, y, x)
                      ? pictures + ((place.picture * grid.height + y) * grid.width + x) * channels
                      : zeros;
    }
    float* const to = stack + (tile - begin) * channels;
    for (std::int64_t c = 0; c < channels; c += winograd_lanes) {
      Lanes d[cells];
      for (int i = 0; i < side * side; ++i) load(pixels[i] + c, d[i]);
      for (int column = 0; column < side; ++column) Line<m>::input(d + column, side);
      for (int row = 0; row < side; ++row) Line<m>::input(d + row * side, 1);
      for (int i = 0; i < side * side; ++i) store(d[i], to + i * count * channels + c);
    }
  }
}

template <int m>
void outputs(const TileGrid& grid, const float* stack, std::int64_t channels, const float* bias,
             std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t count,
             float* pictures) {
  constexpr int side = m + 2;
  constexpr std::size_t cells = std::size_t{side} * side;
  for (std::int64_t tile = first; tile < last; ++tile) {
    const Place place = place_of(grid, tile, m);
    const float* const from = stack + (tile - begin) * channels;
    for (std::int64_t c = 0; c < channels; c += winograd_lanes) {
      Lanes d[cells];
      for (int i = 0; i < side * side; ++i) load(from + i * count * channels + c, d[i]);
      for (int column = 0; column < side; ++column) Line<m>::output(d + column, side);
      for (int row = 0; row < m; ++row) Line<m>::output(d + row * side, 1);
      Lanes shift;
      load(bias + c, shift);
      for (int i = 0; i < m * m; ++i) {
        const std::int64_t y = place.y + i / m, x = place.x + i % m;
        if (inside(grid, y, x))
          store(d[i / m * side + i % m] + shift,
                pictures + ((place.picture * grid.height + y) * grid.width + x) * channels + c);
      }
    }
  }
}

}  // namespace

const WinogradTransforms winograd_transforms[2] = {{filters<2>, inputs<2>, outputs<2>},
                                                   {filters<4>, inputs<4>, outputs<4>}};

}  // namespace ip2p::IP2P_PROCESSOR
