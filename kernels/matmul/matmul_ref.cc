// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of matmul.h in plain loops over rows and columns.
#include "matmul/matmul.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

template <typename F>
void for_each_element(unsigned row_groups, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) f(row, column);
  }
}

template <typename T>
T scaled(int32_t sum, int16_t mult, unsigned shift) {
  return exact::clamp_to<T>(exact::nearest_even(exact::Wide{sum} * mult, shift));
}

}  // namespace

void npu_matmul_start_i32_ref(const int32_t* bias, int32_t* sums, unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    sums[tile_index(row, column)] = bias[column];
  });
}

void npu_matmul_i8_ref(const int8_t* a, const int8_t* b, int32_t* sums, unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    int64_t sum = sums[tile_index(row, column)];
    for (unsigned k = 0; k < kObjectK; ++k) {
      sum += int64_t{a[a_object_index(row, k)]} * b[b_object_index(k, column)];
    }
    sums[tile_index(row, column)] = static_cast<int32_t>(sum);
  });
}

void npu_requantise_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                           unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    const size_t at = tile_index(row, column);
    out[at] = scaled<int8_t>(sums[at], mult[column], shift);
  });
}

void npu_requantise_i16_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int16_t* out,
                            unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    const size_t at = tile_index(row, column);
    out[at] = scaled<int16_t>(sums[at], mult[column], shift);
  });
}

void npu_requantise_v_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                             unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    const size_t to = (row / 8 * 8 + column / 8) * 64 + row % 8 * 8 + column % 8;
    out[to] = scaled<int8_t>(sums[tile_index(row, column)], mult[column], shift);
  });
}

void npu_requantise_kt_i8_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int8_t* out,
                              unsigned row_groups) {
  for_each_element(row_groups, [&](unsigned row, unsigned column) {
    const size_t to = (column / 8 * 8 + row / 8) * 64 + column % 8 * 8 + row % 8;
    out[to] = scaled<int8_t>(sums[tile_index(row, column)], mult[column], shift);
  });
}

}  // namespace kernels
