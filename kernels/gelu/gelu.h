// SPDX-License-Identifier: LGPL-2.1-or-later
// Epilogue of fc1 and of the convolutions: GELU through a table, then int8 with a factor per
// column.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/linear_table.h"

namespace kernels {

static_assert(kLinearTableElements * sizeof(int16_t) == CoreMemory::kTable);
static_assert(kMatmulParameterBytes + kTile * sizeof(int16_t) + 64 <= CoreMemory::kParameters);

struct GeluFactors {
  const int16_t* mult;      // [64], of the sums: to the table's input
  unsigned shift;           // <= kMaxRequantiseShift
  const int16_t* out_mult;  // [64], of the table's output
  unsigned out_shift;       // <= 30
};

extern "C" {

// For each element of sums[row_groups * 16][64], T64 (see matmul.h):
//   x = requantise_i16(sum, mult[column], shift); y = evaluate(table, x)
//   out = y * out_mult[column] * 2^-out_shift, to nearest, ties to even, clamped to 8 bits. T64.
// `table` as lay_out() makes it. mult and out_mult >= 0. 32-byte aligned, no overlap.
void npu_gelu_i8(const int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* out,
                 unsigned row_groups);
void npu_gelu_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                     int8_t* out, unsigned row_groups);

}  // extern "C"

}  // namespace kernels
