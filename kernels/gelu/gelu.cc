// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. The table's index needs floor, all else the nearest: 64 values between changes of
// mode.
#include "gelu/gelu.h"

#include "fine/fine.h"
#include "matmul/requantise.h"
#include "residual/residual.h"

namespace kernels {
namespace {

constexpr unsigned kColumnBlocks = kTile / kBlockColumns;
constexpr unsigned kVectors = 4;  // of two rows each, in two neighbouring column blocks

using Table = aie::lut<4, int16, int16>;
using Lines = aie::linear_approx<int16, Table>;

// What an input is above the table's last.
inline aie::vector<int32, 16> beyond(const aie::vector<int32, 16>& x) {
  const auto last = aie::broadcast<int32, 16>(32767);
  return aie::sub(aie::max(x, last), last);
}

// In ascending order: `out` may begin where the sums do.
template <typename T>
void gelu_tile(const int32_t* sums, const GeluFactors& factors, const int16_t* table, T* out,
               unsigned row_groups) {
  set_core_modes();
  const Table memory(kSegments, table, table + kLinearTableElements / 2);
  const Lines lines(memory, kSegmentBits, kSegments / 2, kSlopeBits);
  for (unsigned rb = 0; rb < row_groups * (kGroupRows / kBlockRows); ++rb) {
    for (unsigned cb = 0; cb < kColumnBlocks; cb += 2) {
      const unsigned at = (rb * kColumnBlocks + cb) * kBlock;
      aie::vector<int32, 16> x[kVectors];
      aie::accum<acc64, 16> y[kVectors];
      for (unsigned v = 0; v < kVectors; ++v) {
        const auto mult = two_rows_of(factors.mult + (cb + v / 2) * kBlockColumns);
        x[v] = requantise_rows<int32>(sums + at + v * 16, mult, factors.shift);
      }
      aie::set_rounding(aie::rounding_mode::floor);
      for (unsigned v = 0; v < kVectors; ++v) y[v] = lines.compute(x[v].pack());
      aie::set_rounding(aie::rounding_mode::conv_even);
      for (unsigned v = 0; v < kVectors; ++v) {
        const auto out_mult = two_rows_of(factors.out_mult + (cb + v / 2) * kBlockColumns);
        const auto value = aie::add(y[v].to_vector<int16>(kSlopeBits).unpack(), beyond(x[v]));
        const auto scaled = aie::mul(value, out_mult);
        aie::store_v(out + at + v * 16, scaled.template to_vector<T>(factors.out_shift));
      }
    }
  }
}

}  // namespace

void npu_gelu_i8(const int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* out,
                 unsigned row_groups) {
  gelu_tile(sums, *factors, table, out, row_groups);
}

void npu_gelu_i16(const int32_t* sums, const GeluFactors* factors, const int16_t* table,
                  int16_t* out, unsigned row_groups) {
  gelu_tile(sums, *factors, table, out, row_groups);
}

void npu_gelu_fine_i8(int32_t* sums, const GeluFactors* factors, const int16_t* table, int8_t* high,
                      int8_t* low, unsigned row_groups) {
  int16_t* values = reinterpret_cast<int16_t*>(sums);
  npu_gelu_i16(sums, factors, table, values, row_groups);
  npu_fine_split_i16(values, high, low, row_groups);
}

void npu_gelu_add_i16(int32_t* sums, const GeluFactors* factors, const int16_t* table,
                      const int16_t* residual, int16_t* out, unsigned row_groups) {
  int16_t* values = reinterpret_cast<int16_t*>(sums);
  npu_gelu_i16(sums, factors, table, values, row_groups);
  npu_add_i16(residual, values, out, row_groups * kGroupRows * kTile);
}

}  // namespace kernels
