// SPDX-License-Identifier: LGPL-2.1-or-later
// From rows to the tiles and objects that kernels take, and back.
#pragma once

#include <algorithm>

#include "array_rows.h"
#include "layout/tile.h"

namespace npu::testing {

template <typename T>
using Tile = cpu::AlignedArray<T>;

inline unsigned groups_of(size_t rows) {
  return static_cast<unsigned>((std::min(rows, size_t{kernels::kTile}) + 15) / 16);
}

inline size_t tiles_of(size_t extent) {
  return (extent + kernels::kTile - 1) / kernels::kTile;
}

// f(row of the tile, column of the tile, index in the matrix) for what of a tile lies in a matrix.
template <typename F>
void for_tile(size_t rows, size_t cols, size_t first_row, size_t first_col, const F& f) {
  for (size_t r = first_row; r < std::min(rows, first_row + kernels::kTile); ++r)
    for (size_t c = first_col; c < std::min(cols, first_col + kernels::kTile); ++c)
      f(static_cast<unsigned>(r - first_row), static_cast<unsigned>(c - first_col), r * cols + c);
}

// One tile of T64 from a plane of a matrix, zeros around it.
template <typename T, typename From>
Tile<T> tile_of(const From& plane, size_t rows, size_t cols, size_t first_row, size_t first_col) {
  Tile<T> tile(kernels::kTileElements);
  for_tile(rows, cols, first_row, first_col, [&](unsigned r, unsigned c, size_t index) {
    tile.data()[kernels::tile_index(r, c)] = static_cast<T>(plane[index]);
  });
  return tile;
}

// A tile of T64 to its place in a plane.
template <typename T, typename To>
void untile(const T* tile, To& plane, size_t rows, size_t cols, size_t first_row,
            size_t first_col) {
  for_tile(rows, cols, first_row, first_col, [&](unsigned r, unsigned c, size_t index) {
    plane[index] = tile[kernels::tile_index(r, c)];
  });
}

// 64 of a vector from `first` on, zeros behind it.
template <typename T>
Tile<T> slice_of(const std::vector<T>& values, size_t first) {
  Tile<T> slice(kernels::kTile);
  for (size_t i = first; i < std::min(values.size(), first + kernels::kTile); ++i)
    slice.data()[i - first] = values[i];
  return slice;
}

}  // namespace npu::testing
