// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU device's inner loops, compiled for several instruction sets and chosen at run time.
//
// Results depend on the instruction set, but on nothing else: each row is computed by itself, in a
// fixed order, whatever rows are beside it and however the work is shared out.
#pragma once

#include <cstddef>

#include "device/cpu/ahead.h"

namespace npu::cpu {

// One panel of a matrix product:
//   out[r][c] = gelu?(row_scale[r] * sum over k of a[r][k] b[k][c] + bias[c]) + residual[r][c]
// for all kPanelCols columns c; k ascending, one fused multiply-add each where the CPU has it.
struct PanelProduct {
  const float* a;  // [rows][depth], lda floats from row to row
  size_t lda;
  size_t rows;
  const float* b;  // [depth][kPanelCols], ldb floats from row to row
  size_t ldb;
  size_t depth;
  float* out;  // [rows][kPanelCols]; may be `residual`, must not overlap anything else
  size_t ld_out;
  const float* row_scale = nullptr;  // [rows]; null: 1
  const float* bias = nullptr;       // [kPanelCols]; null: 0
  bool gelu = false;
  const float* residual = nullptr;  // [rows][kPanelCols]; null: 0
  size_t ld_residual = 0;
};
void multiply_panel(const PanelProduct& product);

// out[c] = (in[c] - mean) / sqrt(variance + 1e-5) * gain[c] + bias[c]. All hold whole panels:
// columns up to the next multiple of kPanelCols are written, too.
void layer_norm_row(const float* in, float* out, size_t cols, const float* gain, const float* bias);

// x[c] = exp(scale (x[c] - max of x)) for c < cols; returns their sum. x holds whole panels.
float exponentials(float* x, size_t cols, float scale);

// Attention of one row and head over rows of a cache, `stride` floats apart, found by index.
//   indexed_dots: out[i] = sum over c < cols of q[c] keys[rows[i]][c]
//   indexed_sum:  out[c] = scale * sum over i < count of weights[i] values[rows[i]][c]
struct IndexedRows {
  const float* data;
  size_t stride;
  const int* rows;  // [count]
  size_t count;
};
void indexed_dots(const float* q, const IndexedRows& keys, size_t cols, float* out);
void indexed_sum(const float* weights, const IndexedRows& values, size_t cols, float scale,
                 float* out);

// Keys or values of one head for the matrix kernel. `in` [rows][cols], `stride` floats from row to
// row. transpose_panels: out[panel of 32 rows][cols][32]; copy_panels: out[panel of 32
// cols][rows][32]. What a panel holds beyond the input is unspecified.
void transpose_panels(const float* in, size_t stride, size_t rows, size_t cols, float* out);
void copy_panels(const float* in, size_t stride, size_t rows, size_t cols, float* out);

// out[i] = the largest of every kMaxima-th of x[begin..end) from begin + i on, -inf if there is
// none.
inline constexpr size_t kMaxima = 16;
void maxima(const float* x, size_t begin, size_t end, float* out);
// Sum of exp(x[i] - max) over begin..end; an x[i] of -inf adds nothing. Fetches `ahead`
// meanwhile.
float sum_of_exponentials(const float* x, size_t begin, size_t end, float max, Ahead ahead = {});
// The first i in begin..end with x[i] > bound; end if there is none.
size_t first_above(const float* x, size_t begin, size_t end, float bound);

// The instruction set that is used: "AVX3", ...
const char* instruction_set();

}  // namespace npu::cpu
