// SPDX-License-Identifier: LGPL-2.1-or-later
// Activations of 12 bits (numerics/fine.h) on a core, and the product that takes them.
//
// A product with such an input reads its weights twice:
//   npu_matmul_clear_i32; npu_matmul_i8 over all objects of the high plane;
//   npu_matmul_shift_i32; npu_matmul_i8 over all objects of the low plane
// after which sums = bias + (16 * high + low) * weights. Exact while |bias| < 2^29, K <= 5120.
//
// A tile of values leaves as two C objects, and the C buffer holds one: the high plane is written
// there, the low one over the sums or the values it came from, until the C buffer is free again.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/fine.h"

namespace kernels {

extern "C" {

// sums = 0.
void npu_matmul_clear_i32(int32_t* sums, unsigned row_groups);
void npu_matmul_clear_i32_ref(int32_t* sums, unsigned row_groups);

// sums = sums * 16 + bias[column], modulo 2^32.
void npu_matmul_shift_i32(int32_t* sums, const int32_t* bias, unsigned row_groups);
void npu_matmul_shift_i32_ref(int32_t* sums, const int32_t* bias, unsigned row_groups);

// split_fine() of each of row_groups * 16 x 64 values. `low` may begin where `values` does, else no
// overlap. 32-byte aligned.
void npu_fine_split_i16(const int16_t* values, int8_t* high, int8_t* low, unsigned row_groups);
void npu_fine_split_i16_ref(const int16_t* values, int8_t* high, int8_t* low, unsigned row_groups);

// out = values clamped to 8 bits: with an epilogue that gives 16 bits the same as that of 8 bits,
// for a core that has no room for both. `out` may begin where `values` does.
void npu_pack_i8(const int16_t* values, int8_t* out, unsigned row_groups);
void npu_pack_i8_ref(const int16_t* values, int8_t* out, unsigned row_groups);

}  // extern "C"

}  // namespace kernels
