// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU device's inner loops, compiled for several instruction sets and chosen at run time.
#pragma once

#include <cstddef>

namespace npu::cpu {

// One panel of a matrix product: out[r][c] = sum over k of a[r][k] * b[k][c], k ascending, one
// fused multiply-add each where the CPU has it. A row's bits thus depend on nothing but the row.
struct PanelProduct {
  const float* a;  // [rows][depth], lda floats from row to row
  size_t lda;
  size_t rows;
  const float* b;  // [depth][kPanelCols], ldb floats from row to row
  size_t ldb;
  size_t depth;
  float* out;  // [rows][kPanelCols], all columns are written
  size_t ld_out;
};
void multiply_panel(const PanelProduct& product);

// x[c] = gelu?(x[c] + bias[c]) + residual[c]; bias and residual may be null.
void finish_row(float* x, size_t cols, const float* bias, bool gelu, const float* residual);

// out[c] = (in[c] - mean) / sqrt(variance + 1e-5) * gain[c] + bias[c]
void layer_norm_row(const float* in, float* out, size_t cols, const float* gain, const float* bias);

// x[c] = exp(scale x[c] - max of scale x) / sum, for c < cols. Returns nothing else.
void softmax_row(float* x, size_t cols, float scale);

// Sum of a[c] * b[c].
float dot(const float* a, const float* b, size_t cols);

// out[c] += factor * in[c]
void add_scaled(float* out, const float* in, size_t cols, float factor);

// The instruction set that is used: "AVX3", ...
const char* instruction_set();

}  // namespace npu::cpu
