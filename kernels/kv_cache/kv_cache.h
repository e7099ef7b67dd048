// SPDX-License-Identifier: LGPL-2.1-or-later
// The self caches: blocks of 64 positions of one head, int8, K and V both as positions x dimensions
// in blocks [8 of positions][8 of dimensions][8][8]. A new position is 8 pieces of 8 bytes, which
// the DMA can write; K^T would be one byte in each of 64 pieces. So K is turned when it is read.
#pragma once

#include <cstdint>

#include "layout/tile.h"

namespace kernels {

inline constexpr unsigned kCachePiece = 8;  // bytes of a row that lie together in a cache block

// Where a row's dimension lies in a cache block; pieces of a row are 64 bytes apart.
constexpr size_t cache_index(unsigned position, unsigned dimension) {
  return (position / 8 * 8 + dimension / 8) * size_t{64} + position % 8 * 8 + dimension % 8;
}

extern "C" {

// Rows of a product (16 x 64 of T64) one behind the other, rows[16][64]: a row is then one
// contiguous source for the transfer that appends it. 32-byte aligned, no overlap.
void npu_kv_rows_i8(const int8_t* tile, int8_t* rows);
void npu_kv_rows_i8_ref(const int8_t* tile, int8_t* rows);

// K of a cache block to the K^T that attention takes: element (dimension, position) in blocks
// [8 of dimensions][8 of positions][8][8]. 32-byte aligned, no overlap.
void npu_transpose_k_i8(const int8_t* k, int8_t* kt);
void npu_transpose_k_i8_ref(const int8_t* k, int8_t* kt);

}  // extern "C"

}  // namespace kernels
