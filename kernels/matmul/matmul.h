// SPDX-License-Identifier: LGPL-2.1-or-later
// Matrix product int8 x int8 of one 64 x 64 tile, and its plain epilogues.
//
// sums[rb][cb][4][8] int32, T64. The sums start from the bias, an A and a B object at a time is
// added, an epilogue hands out one C tile. All of it is for the first `row_groups` groups of 16
// rows (1 to 4); decode forms have 1 to 16 rows and use one group, what lies in its unused rows is
// of no consequence to the others. Rows beyond the groups are neither read nor written.
//
// Buffers are 32-byte aligned and do not overlap, unless said. Each function sets the core's modes.
// Sums wrap modulo 2^32: |bias| + K * 2^14 < 2^31 keeps them exact (K <= 5120 uses 2^26.4).
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "numerics/requantise.h"

namespace kernels {

inline constexpr unsigned kGroupRows = 16;

// A and B in flight twice, the sums, C once, bias and multipliers.
inline constexpr size_t kMatmulParameterBytes = kTile * (sizeof(int32_t) + sizeof(int16_t));
static_assert(kMatmulParameterBytes + 64 <= CoreMemory::kParameters, "parameters with the header");
static_assert(kTileElements * sizeof(int32_t) <= CoreMemory::kScratch);

extern "C" {

// sums = bias[64] in every row.
void npu_matmul_start_i32(const int32_t* bias, int32_t* sums, unsigned row_groups);
void npu_matmul_start_i32_ref(const int32_t* bias, int32_t* sums, unsigned row_groups);

// sums += a (64 x 128, an A object) * b (128 x 64, a B object).
void npu_matmul_i8(const int8_t* a, const int8_t* b, int32_t* sums, unsigned row_groups);
void npu_matmul_i8_ref(const int8_t* a, const int8_t* b, int32_t* sums, unsigned row_groups);

// out = requantise_i8(sum, mult[column], shift); T64. mult >= 0, shift <= kMaxRequantiseShift.
// Here and to 16 bits `out` may begin where the sums do.
void npu_requantise_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                       unsigned row_groups);
void npu_requantise_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                           unsigned row_groups);

// out = requantise_i16(sum, mult[column], shift); a tile of the residual stream.
void npu_requantise_i16(const int32_t* sums, const int16_t* mult, unsigned shift, int16_t* out,
                        unsigned row_groups);
void npu_requantise_i16_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int16_t* out,
                            unsigned row_groups);

// As npu_requantise_i8, as right matrix of a later product: blocks [8][8][8 rows][8 columns].
// For V of a K,V block (positions x dimensions). row_groups as above.
void npu_requantise_v_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                         unsigned row_groups);
void npu_requantise_v_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                             unsigned row_groups);

// The transpose of that, for K^T of a K,V block (dimensions x positions): blocks
// [8 of dimensions][8 of positions][8 dimensions][8 positions].
void npu_requantise_kt_i8(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                          unsigned row_groups);
void npu_requantise_kt_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                              unsigned row_groups);

}  // extern "C"

}  // namespace kernels
