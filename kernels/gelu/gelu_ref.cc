// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gelu/gelu.h"
#include "numerics/exact.h"

namespace kernels {

void npu_gelu_i8_ref(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                     int8_t* out, unsigned row_groups) {
  using exact::Wide;
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) {
      const size_t at = tile_index(row, column);
      const Wide x = exact::clamp_to<int16_t>(
          exact::nearest_even(Wide{sums[at]} * factors->mult[column], factors->shift));
      const Wide segment = exact::floor_quotient(x, 256);
      const unsigned i = static_cast<unsigned>(segment + 128);
      const int16_t* pair = table + i / 4 * 16 + i % 4 * 2;
      const Wide line = Wide{pair[0]} * (x - segment * 256) + Wide{pair[1]} * 16384;
      const Wide y = exact::clamp_to<int16_t>(exact::nearest_even(line, 14));
      out[at] = exact::clamp_to<int8_t>(
          exact::nearest_even(y * factors->out_mult[column], factors->out_shift));
    }
  }
}

}  // namespace kernels
