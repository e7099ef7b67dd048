// SPDX-License-Identifier: LGPL-2.1-or-later
// What is done to rows between the dot products: quantise, dequantise, softmax. Compiled for
// several instruction sets and chosen at run time, like kernels.h, and with its promise: a row's
// result depends on nothing but the row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "device/cpu/ahead.h"

namespace npu::cpu {

// x[i] is about scale * (u[i] - zero), with 0 exact. A row of zeros has scale 0.
struct RowScale {
  float scale;
  int32_t zero;
};

// Quantises x[0..cols) to out: 255 steps between the least and the greatest of x and 0. Reads and
// writes whole panels; what lies beyond cols is unspecified.
RowScale quantise_row(const float* x, size_t cols, uint8_t* out);

// out[i] = x[i] scale as bfloat16, rounded to nearest even; zeros from cols to the next even
// number. Reads and writes whole panels.
void bf16_row(const float* x, size_t cols, float scale, uint16_t* out);

// What follows a panel of products:
//   out[r][c] = gelu?(dequantised(sums[r][c]) + bias[c]) + residual[r][c]
// for all kPanelCols columns. The GELU is within 7e-5 of the erf form, a fraction of a step of what
// comes next. Strides in elements; null stands for nothing to add.
struct PanelFinish {
  size_t rows;
  const float* bias = nullptr;
  bool gelu = false;
  const float* residual = nullptr;
  size_t ld_residual = 0;
  float* out = nullptr;
  size_t ld_out = 0;
};
// dequantised(s) = row scale * column scale * (s - row zero * column sum)
struct Int8Sums {
  const int32_t* sums;
  size_t ld;
  const RowScale* rows;
  const float* col_scale;
  const int32_t* col_sum;
};
void finish_int8(const Int8Sums& sums, const PanelFinish& finish);
// Of rows that split_signed() made, two to a row: sums[2 r] of the high bytes, sums[2 r + 1] of the
// low ones. dequantised(h, l) = row scale * column scale * (256 (h - 128 column sum) + l)
// Fetches `ahead` meanwhile.
void finish_int16(const Int8Sums& sums, const PanelFinish& finish, Ahead ahead = {});
// dequantised(s) = s
void finish_f32(const float* sums, size_t ld, const PanelFinish& finish);

// Of the bytes of a row of softmax: whole tiles, of which one of another shape would cost more than
// what it leaves out.
inline constexpr size_t kSoftmaxMultiple = 64;

// A row as 16-bit integers, high and low bytes apart, for products that must not lose more than the
// other operand has lost. Whole panels are read and written.
//   split_signed:  x[i] = scale * (256 high[i] + low[i] - 32768); returns scale
//   split_softmax: exp(factor (x[i] - m)) weight[i] / sum of exp(factor (x[k] - m)) =
//                  scale * (256 high[i] + low[i]), m the greatest x, weight >= 0; returns scale.
//                  Zeros from cols to the next multiple of kSoftmaxMultiple. Spoils x. Fetches
//                  `ahead` meanwhile.
float split_signed(const float* x, size_t cols, uint8_t* high, uint8_t* low);
float split_softmax(float* x, float factor, const float* weight, size_t cols, uint8_t* high,
                    uint8_t* low, Ahead ahead = {});

// The products of such rows, joined, for a panel of columns:
//   join_signed:   out[r][c] = scale[r] col_scale[c] (256 high[r][c] + low[r][c] - 32768 s[c]),
//                  s = col_sum; high and low are [rows][kPanelCols], out has ld_out
//   join_positive: out[c] = scale (256 high[c] + low[c])
void join_signed(const int32_t* high, const int32_t* low, size_t rows, const float* scale,
                 const float* col_scale, const int32_t* col_sum, float* out, size_t ld_out);
void join_positive(const int32_t* high, const int32_t* low, float scale, float* out);

// Symmetric quantisation of cache rows.
//   symmetric_scale:    the step with which x[0..cols) fits -127..127; 0 for zeros
//   symmetric_row:      out[i] = x[i] / scale, rounded; zeros from cols to the next multiple of 4;
//                       returns their sum. Whole panels are read and written.
//   interleave_int8:    out[c][i] = rows[i][c] / scale[i], rounded, for a panel of columns of which
//                       `cols` exist and the others become 0
//   interleave_bf16:    the same of two rows as bfloat16; null stands for zeros
float symmetric_scale(const float* x, size_t cols);
int32_t symmetric_row(const float* x, size_t cols, float scale, int8_t* out);
void interleave_int8(const float* const rows[4], const float scale[4], size_t cols, int8_t* out);
void interleave_bf16(const float* first, const float* second, size_t cols, uint16_t* out);

}  // namespace npu::cpu
