// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source.
#include "residual/residual.h"

#include "matmul/requantise.h"

namespace kernels {

void npu_residual_add_i16(const int32_t* sums, const ResidualFactors* factors,
                          const int16_t* residual, int16_t* out, unsigned row_groups) {
  set_core_modes();
  constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto mult = two_rows_of(factors->mult + cb * kBlockColumns);
    for (unsigned rb = 0; rb < row_groups * (kGroupRows / kBlockRows); ++rb) {
      const unsigned at = (rb * kColumnBlocks + cb) * kBlock;
      const auto added = requantise_block<int16>(sums + at, mult, factors->shift);
      aie::accum<acc32, kBlock> stream;
      stream.from_vector(aie::load_v<kBlock>(residual + at));
      const auto kept = stream.to_vector<int16>(factors->residual_shift);
      aie::store_v(out + at, aie::saturating_add(kept, added));
    }
  }
}

void npu_add_i16(const int16_t* a, const int16_t* b, int16_t* out, unsigned count) {
  set_core_modes();
  for (unsigned i = 0; i < count; i += 16) {
    aie::store_v(out + i, aie::saturating_add(aie::load_v<16>(a + i), aie::load_v<16>(b + i)));
  }
}

}  // namespace kernels
