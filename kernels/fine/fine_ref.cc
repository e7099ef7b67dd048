// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of fine.h in plain loops over rows and columns.
#include "fine/fine.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

using exact::Wide;

template <typename F>
void for_each_element(unsigned row_groups, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) f(tile_index(row, column), column);
  }
}

}  // namespace

void npu_matmul_clear_i32_ref(int32_t* sums, unsigned row_groups) {
  for_each_element(row_groups, [&](size_t at, unsigned) { sums[at] = 0; });
}

void npu_matmul_shift_i32_ref(int32_t* sums, const int32_t* bias, unsigned row_groups) {
  for_each_element(row_groups, [&](size_t at, unsigned column) {
    sums[at] = static_cast<int32_t>(Wide{sums[at]} * 16 + bias[column]);
  });
}

void npu_fine_split_i16_ref(const int16_t* values, int8_t* high, int8_t* low, unsigned row_groups) {
  for_each_element(row_groups,
                   [&](size_t at, unsigned) { exact::split_fine(values[at], high[at], low[at]); });
}

void npu_pack_i8_ref(const int16_t* values, int8_t* out, unsigned row_groups) {
  for_each_element(row_groups,
                   [&](size_t at, unsigned) { out[at] = exact::clamp_to<int8_t>(values[at]); });
}

}  // namespace kernels
