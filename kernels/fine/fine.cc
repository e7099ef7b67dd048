// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source.
#include "fine/fine.h"

#include "layout/core_modes.h"

namespace kernels {

void npu_matmul_clear_i32(int32_t* sums, unsigned row_groups) {
  const auto nothing = aie::zeros<int32, 16>();
  for (unsigned i = 0; i < row_groups * kGroupRows * kTile; i += 16)
    aie::store_v(sums + i, nothing);
}

void npu_matmul_shift_i32(int32_t* sums, const int32_t* bias, unsigned row_groups) {
  set_core_modes();
  constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto row = aie::load_v<8>(bias + cb * kBlockColumns);
    const auto two_rows = aie::concat(row, row);
    for (unsigned rb = 0; rb < row_groups * (kGroupRows / kBlockRows); ++rb) {
      int32_t* block = sums + (rb * kColumnBlocks + cb) * kBlock;
      for (unsigned half = 0; half < kBlock; half += 16) {
        aie::accum<acc32, 16> shifted;
        shifted.from_vector(aie::load_v<16>(block + half), kFineBits);
        aie::store_v(block + half, aie::add(shifted.to_vector<int32>(), two_rows));
      }
    }
  }
}

void npu_fine_split_i16(const int16_t* values, int8_t* high, int8_t* low, unsigned row_groups) {
  set_core_modes();
  const auto most = aie::broadcast<int16, 16>(kFineMost);
  const auto least = aie::broadcast<int16, 16>(kFineLeast);
  const auto weight = aie::broadcast<int16, 16>(1 << kFineBits);
  for (unsigned i = 0; i < row_groups * kGroupRows * kTile; i += 16) {
    aie::accum<acc32, 16> wide;
    wide.from_vector(aie::max(aie::min(aie::load_v<16>(values + i), most), least));
    const auto upper = wide.to_vector<int16>(kFineBits);
    aie::store_v(high + i, upper.pack());
    aie::store_v(low + i, aie::msc(wide, upper, weight).to_vector<int8>(0));
  }
}

void npu_pack_i8(const int16_t* values, int8_t* out, unsigned row_groups) {
  set_core_modes();
  for (unsigned i = 0; i < row_groups * kGroupRows * kTile; i += 32) {
    aie::store_v(out + i, aie::load_v<32>(values + i).pack());
  }
}

}  // namespace kernels
