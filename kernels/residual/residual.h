// SPDX-License-Identifier: LGPL-2.1-or-later
// Addition in the residual stream (int16, saturating).
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"

namespace kernels {

// A tile of the stream leaves as two C objects of 32 rows.
static_assert(kTileElements / 2 * sizeof(int16_t) == CoreMemory::kOutput);

struct ResidualFactors {
  const int16_t* mult;      // [64], of the sums; >= 0
  unsigned shift;           // <= kMaxRequantiseShift
  unsigned residual_shift;  // <= 30; where the stream goes on with a step 2^that as great
};

extern "C" {

// Epilogue of the products that end in a residual:
//   out = clamp(residual * 2^-residual_shift + requantise_i16(sum, mult[column], shift))
// with the residual rounded to nearest, ties to even,
// for row_groups * 16 rows, all T64; for the lower half of a tile give pointers to its row 32 and 2
// groups. 32-byte aligned; out may be residual, else no overlap.
void npu_residual_add_i16(const int32_t* sums, const ResidualFactors* factors,
                          const int16_t* residual, int16_t* out, unsigned row_groups);
void npu_residual_add_i16_ref(const int32_t* sums, const ResidualFactors* factors,
                              const int16_t* residual, int16_t* out, unsigned row_groups);

// out = clamp(a + b), in any common layout: token embedding + position. `count` is a multiple
// of 16. 32-byte aligned; out may be a or b, else no overlap.
void npu_add_i16(const int16_t* a, const int16_t* b, int16_t* out, unsigned count);
void npu_add_i16_ref(const int16_t* a, const int16_t* b, int16_t* out, unsigned count);

}  // extern "C"

}  // namespace kernels
