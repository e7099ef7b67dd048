// SPDX-License-Identifier: LGPL-2.1-or-later
#include "logits/logits.h"
#include "numerics/exact.h"

namespace kernels {

void npu_logits_i32_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t* out,
                        unsigned rows) {
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) {
      const exact::Wide product = exact::Wide{sums[tile_index(row, column)]} * mult[column];
      out[tile_index(row, column)] = exact::clamp_to<int32_t>(exact::nearest_even(product, shift));
    }
  }
}

}  // namespace kernels
