// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source.
#include "logits/logits.h"

#include "matmul/requantise.h"

namespace kernels {

void npu_logits_i32(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t* out,
                    unsigned rows) {
  set_core_modes();
  for (unsigned row = 0; row < rows; row += kBlockRows) {
    for (unsigned column = 0; column < kTile; column += kBlockColumns) {
      const auto factors = two_rows_of(mult + column);
      const size_t at = tile_index(row, column);
      aie::store_v(out + at, requantise_block<int32>(sums + at, factors, shift));
    }
  }
}

}  // namespace kernels
