// SPDX-License-Identifier: LGPL-2.1-or-later
#include "numerics/exact.h"
#include "residual/residual.h"

namespace kernels {

using exact::Wide;

void npu_residual_add_i16_ref(const int32_t* sums, const ResidualFactors* factors,
                              const int16_t* residual, int16_t* out, unsigned row_groups) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) {
      const size_t at = tile_index(row, column);
      const int16_t added = exact::clamp_to<int16_t>(
          exact::nearest_even(Wide{sums[at]} * factors->mult[column], factors->shift));
      const Wide kept = exact::nearest_even(residual[at], factors->residual_shift);
      out[at] = exact::clamp_to<int16_t>(kept + added);
    }
  }
}

void npu_add_i16_ref(const int16_t* a, const int16_t* b, int16_t* out, unsigned count) {
  for (unsigned i = 0; i < count; ++i) out[i] = exact::clamp_to<int16_t>(Wide{a[i]} + b[i]);
}

}  // namespace kernels
