// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. The table's index needs floor, all else the nearest: two row blocks between changes
// of mode.
#include "gelu/gelu.h"

#include "matmul/requantise.h"

namespace kernels {
namespace {

constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
constexpr unsigned kRowOfBlocks = kColumnBlocks * kBlock;
constexpr unsigned kVectors = 4;  // of two rows each

using Table = aie::lut<4, int16, int16>;
using Lines = aie::linear_approx<int16, Table>;

inline unsigned vector_at(unsigned v) {
  return v / 2 * kRowOfBlocks + v % 2 * 16;
}

}  // namespace

void npu_gelu_i8(const int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* out,
                 unsigned row_groups) {
  set_core_modes();
  const Table memory(kSegments, table, table + kLinearTableElements / 2);
  const Lines lines(memory, kSegmentBits, kSegments / 2, kSlopeBits);
  for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
    const auto mult = two_rows_of(factors->mult + cb * kBlockColumns);
    const auto out_mult = two_rows_of(factors->out_mult + cb * kBlockColumns);
    for (unsigned pair = 0; pair < row_groups * 2; ++pair) {
      const unsigned at = pair * 2 * kRowOfBlocks + cb * kBlock;
      aie::vector<int16, 16> x[kVectors];
      aie::accum<acc64, 16> y[kVectors];
      for (unsigned v = 0; v < kVectors; ++v) {
        x[v] = requantise_rows<int16>(sums + at + vector_at(v), mult, factors->shift);
      }
      aie::set_rounding(aie::rounding_mode::floor);
      for (unsigned v = 0; v < kVectors; ++v) y[v] = lines.compute(x[v]);
      aie::set_rounding(aie::rounding_mode::conv_even);
      for (unsigned v = 0; v < kVectors; ++v) {
        const auto scaled = aie::mul<acc32>(y[v].to_vector<int16>(kSlopeBits), out_mult);
        aie::store_v(out + at + vector_at(v), scaled.to_vector<int8>(factors->out_shift));
      }
    }
  }
}

}  // namespace kernels
