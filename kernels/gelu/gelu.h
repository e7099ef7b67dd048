// SPDX-License-Identifier: LGPL-2.1-or-later
// Epilogue of fc1 and of the convolutions: GELU through a table, then int8 with a factor per
// column; to int8, 12 bits in two planes, or added to the residual stream.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/linear_table.h"

namespace kernels {

static_assert(kLinearTableElements * sizeof(int16_t) == CoreMemory::kTable);
static_assert(kMatmulParameterBytes + kTile * sizeof(int16_t) + 64 <= CoreMemory::kParameters);

// Inputs beyond the table are their own GELU, so that a step that suits the bend of the curve
// serves the greatest outliers too.
inline constexpr double kGeluStep = 1.0 / 4096;  // of inputs and outputs: the table spans -8 to 8

struct GeluFactors {
  const int16_t* mult;      // [64], of the sums: to inputs in units of kGeluStep
  unsigned shift;           // <= kMaxRequantiseShift
  const int16_t* out_mult;  // [64], of the outputs
  unsigned out_shift;       // <= 30
};

extern "C" {

// For each element of sums[row_groups * 16][64], T64 (see matmul.h):
//   x = round(sum * mult[column] * 2^-shift), to nearest, ties to even, clamped to 32 bits
//   y = evaluate(table, clamp16(x)) + max(x - 32767, 0)
//   out = y * out_mult[column] * 2^-out_shift, to nearest, ties to even, clamped to 8 bits. T64.
// `table` as lay_out() makes it. mult and out_mult >= 0. 32-byte aligned, no overlap.
void npu_gelu_i8(const int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* out,
                 unsigned row_groups);
void npu_gelu_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                     int8_t* out, unsigned row_groups);

// The same to 16 bits. `out` may begin where the sums do.
void npu_gelu_i16(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                  int16_t* out, unsigned row_groups);
void npu_gelu_i16_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                      int16_t* out, unsigned row_groups);

// npu_gelu_i16, then the two planes of split_fine(). Uses the sums up; `low` may begin where they
// do.
void npu_gelu_fine_i8(int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* high,
                      int8_t* low, unsigned row_groups);
void npu_gelu_fine_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                          int8_t* high, int8_t* low, unsigned row_groups);

// conv2: out = clamp(residual + npu_gelu_i16), with the positions as residual. Uses the sums up. By
// halves of a tile, as npu_residual_add_i16; `out` may be residual.
void npu_gelu_add_i16(int32_t* sums, const GeluFactors* factors, const int16_t* table,
                      const int16_t* residual, int16_t* out, unsigned row_groups);
void npu_gelu_add_i16_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                          const int16_t* residual, int16_t* out, unsigned row_groups);

}  // extern "C"

}  // namespace kernels
