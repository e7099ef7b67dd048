// SPDX-License-Identifier: LGPL-2.1-or-later
// Layer norm of 64 rows of the residual stream (int16) to int8 or 12 bits, in two passes over the
// row's tiles.
//
//   S1 = sum x, S2 = sum x^2                        exact
//   V = d * S2 - S1^2 + epsilon                     exact, < 2^52; d^2 times variance + epsilon
//   n = clamp16((d * x - S1) * rsqrt(V) * 2^9)      (x - mean) / deviation with 9 fraction bits
//   out = clamp8((n * gamma + beta) * 2^-out_shift)
//
// All roundings go to the nearest, ties to even; rsqrt is that of numerics/rsqrt.h. |n| <= 2^9
// sqrt(d) < 2^15: n never saturates. Tiles are T64 (layout/tile.h); d is a multiple of 64, at most
// 1280. Buffers are 32-byte aligned and do not overlap. The first row_groups * 16 rows are worked
// on.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/rsqrt.h"

namespace kernels {

inline constexpr unsigned kNormBits = 9;
inline constexpr unsigned kMaxWidth = 1280;

// Partial sums [row block][x, x^2 / 2^15, x^2 mod 2^15][4 rows][8]; a lane holds every eighth
// column.
inline constexpr unsigned kNormSumElements = kTile / kBlockRows * 3 * kBlock;

struct NormRow {
  int32_t sum;
  Rsqrt deviation;  // mult and shift of rsqrt(V) * 2^9
};

static_assert(kNormSumElements * sizeof(int32_t) + kTile * sizeof(NormRow) <= CoreMemory::kScratch);
// A column of the array emits every fourth tile.
static_assert((kMaxWidth / kTile / 4) * kTile * (sizeof(int16_t) + sizeof(int32_t)) + 64 <=
              CoreMemory::kParameters);

extern "C" {

// Pass 1: adds a tile to `sums` (kNormSumElements), which the row's first tile starts.
void npu_layer_norm_sums(const int16_t* tile, int32_t* sums, bool first, unsigned row_groups);

// Between the passes: rows[row_groups * 16] from the sums of d columns. 1 <= epsilon < 2^51.
void npu_layer_norm_rows(const int32_t* sums, unsigned d, int64_t epsilon, NormRow* rows,
                         unsigned row_groups);

// Pass 2: one tile, with its 64 gamma and beta. |beta| < 2^30, out_shift <= 30.
void npu_layer_norm_i8(const int16_t* tile, const NormRow* rows, unsigned d, const int16_t* gamma,
                       const int32_t* beta, unsigned out_shift, int8_t* out, unsigned row_groups);

// The same to 16 bits, and to the two planes of split_fine() by way of scratch[row_groups * 16 *
// 64], where `low` may begin too.
void npu_layer_norm_i16(const int16_t* tile, const NormRow* rows, unsigned d, const int16_t* gamma,
                        const int32_t* beta, unsigned out_shift, int16_t* out, unsigned row_groups);
void npu_layer_norm_fine_i8(const int16_t* tile, const NormRow* rows, unsigned d,
                            const int16_t* gamma, const int32_t* beta, unsigned out_shift,
                            int16_t* scratch, int8_t* high, int8_t* low, unsigned row_groups);

// All of it: d / 64 tiles of 64 rows, one behind the other, to as many tiles. gamma[d], beta[d].
void npu_layer_norm_i8_ref(const int16_t* tiles, unsigned d, int64_t epsilon, const int16_t* gamma,
                           const int32_t* beta, unsigned out_shift, int8_t* out,
                           unsigned row_groups);
void npu_layer_norm_i16_ref(const int16_t* tiles, unsigned d, int64_t epsilon, const int16_t* gamma,
                            const int32_t* beta, unsigned out_shift, int16_t* out,
                            unsigned row_groups);
void npu_layer_norm_fine_i8_ref(const int16_t* tiles, unsigned d, int64_t epsilon,
                                const int16_t* gamma, const int32_t* beta, unsigned out_shift,
                                int8_t* high, int8_t* low, unsigned row_groups);

}  // extern "C"

}  // namespace kernels
