// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. Register expansion 4 x 2: 16 frames x 8 columns.
#include "layout/core_modes.h"
#include "log_mel/log_mel.h"

namespace kernels {
namespace {

constexpr unsigned kBlocks = kTile / kWideBlock;            // in a row of blocks
constexpr unsigned kRowOfBlocks = kBlocks * kWideElements;  // elements of 4 rows
constexpr unsigned kGroupBlocks = kGroupRows / kWideBlock;

using Dft = aie::mmul<4, 4, 4, int16, int16, acc64>;

inline void add_block(const Dft& product, int32_t* sums, bool first) {
  const auto part = product.to_vector<int32>(kDftShift);
  aie::store_v(sums, first ? part : aie::add(aie::load_v<kWideElements>(sums), part));
}

}  // namespace

void npu_dft_i16(const int16_t* samples, const int16_t* table, int32_t* sums, bool first,
                 unsigned row_groups) {
  set_core_modes();
  for (unsigned group = 0; group < row_groups; ++group) {
    const int16_t* left = samples + group * kGroupBlocks * kRowOfBlocks;
    int32_t* group_sums = sums + group * kGroupBlocks * kRowOfBlocks;
    for (unsigned cb = 0; cb < kBlocks; cb += 2) {
      Dft products[kGroupBlocks][2];
      for (unsigned kb = 0; kb < kBlocks; ++kb) {
        const int16_t* right = table + kb * kRowOfBlocks + cb * kWideElements;
        const auto b0 = aie::load_v<Dft::size_B>(right);
        const auto b1 = aie::load_v<Dft::size_B>(right + Dft::size_B);
        for (unsigned rb = 0; rb < kGroupBlocks; ++rb) {
          const auto a = aie::load_v<Dft::size_A>(left + rb * kRowOfBlocks + kb * Dft::size_A);
          products[rb][0].mac(a, b0);
          products[rb][1].mac(a, b1);
        }
      }
      for (unsigned rb = 0; rb < kGroupBlocks; ++rb) {
        int32_t* to = group_sums + rb * kRowOfBlocks + cb * kWideElements;
        add_block(products[rb][0], to, first);
        add_block(products[rb][1], to + kWideElements, first);
      }
    }
  }
}

void npu_power_i32(int32_t* sums, unsigned row_groups) {
  // Power is cut in two, bit for bit.
  aie::set_rounding(aie::rounding_mode::floor);
  aie::set_saturation(aie::saturation_mode::none);
  const auto low_bits = aie::broadcast<int32, kWideElements>(0x7FFFFFFF);
  for (unsigned pair = 0; pair < row_groups * kGroupBlocks * kBlocks / 2; ++pair) {
    int32_t* cosine = sums + pair * 2 * kWideElements;
    int32_t* sine = cosine + kWideElements;
    const auto re = aie::load_v<kWideElements>(cosine), im = aie::load_v<kWideElements>(sine);
    const auto power = aie::mac(aie::mul<acc64>(re, re), im, im);
    aie::store_v(cosine, power.to_vector<int32>(kPowerCut));
    aie::store_v(sine, aie::bit_and(power.to_vector<int32>(0), low_bits));
  }
}

}  // namespace kernels
