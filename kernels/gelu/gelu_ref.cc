// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gelu/gelu.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

using exact::Wide;

// f(place of the element, GELU times out_mult / 2^out_shift to the nearest integer).
template <typename F>
void for_each_value(const int32_t* sums, const GeluFactors& factors, const int16_t* table,
                    unsigned row_groups, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) {
      const size_t at = tile_index(row, column);
      const Wide input = exact::clamp_to<int32_t>(
          exact::nearest_even(Wide{sums[at]} * factors.mult[column], factors.shift));
      const Wide x = exact::clamp_to<int16_t>(input);
      const Wide segment = exact::floor_quotient(x, 256);
      const unsigned i = static_cast<unsigned>(segment + 128);
      const int16_t* pair = table + i / 4 * 16 + i % 4 * 2;
      const Wide line = Wide{pair[0]} * (x - segment * 256) + Wide{pair[1]} * 16384;
      const Wide y = exact::clamp_to<int16_t>(exact::nearest_even(line, 14)) +
                     (input > 32767 ? input - 32767 : Wide{0});
      f(at, exact::nearest_even(y * factors.out_mult[column], factors.out_shift));
    }
  }
}

}  // namespace

void npu_gelu_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                     int8_t* out, unsigned row_groups) {
  for_each_value(sums, *factors, table, row_groups,
                 [&](size_t at, Wide value) { out[at] = exact::clamp_to<int8_t>(value); });
}

void npu_gelu_i16_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                      int16_t* out, unsigned row_groups) {
  for_each_value(sums, *factors, table, row_groups,
                 [&](size_t at, Wide value) { out[at] = exact::clamp_to<int16_t>(value); });
}

void npu_gelu_fine_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                          int8_t* high, int8_t* low, unsigned row_groups) {
  for_each_value(sums, *factors, table, row_groups,
                 [&](size_t at, Wide value) { exact::split_fine(value, high[at], low[at]); });
}

void npu_gelu_add_i16_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                          const int16_t* residual, int16_t* out, unsigned row_groups) {
  for_each_value(sums, *factors, table, row_groups, [&](size_t at, Wide value) {
    out[at] = exact::clamp_to<int16_t>(exact::clamp_to<int16_t>(value) + Wide{residual[at]});
  });
}

}  // namespace kernels
