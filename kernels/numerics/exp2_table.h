// SPDX-License-Identifier: LGPL-2.1-or-later
// 2^x for x <= 0 as weights of 8 bits: the softmax of the array.
#pragma once

#include "numerics/linear_table.h"

namespace kernels {

inline constexpr unsigned kExponentBits = 8;  // fraction bits of a base-2 exponent
inline constexpr unsigned kExp2SegmentBits = 4;
inline constexpr int kExp2Bias = 256;  // segment of exponent 0
inline constexpr unsigned kExp2OffsetBits = 6;
inline constexpr unsigned kExp2Shift = 13;
inline constexpr int16_t kNoWeight = -32768;  // an exponent whose weight is 0

// The weight, 0..255, of exponent x + 1 in units of 2^-8; x <= -1. What the array computes.
constexpr uint8_t evaluate_exp2(const LinearTable& table, int16_t x) {
  const int wanted = (x >> kExp2SegmentBits) + kExp2Bias;
  const unsigned i = static_cast<unsigned>(wanted < 0 ? 0 : wanted > 255 ? 255 : wanted);
  const int64_t rest = x & ((1 << kExp2SegmentBits) - 1);
  return round_shift<uint8_t>(
      table.slope[i] * rest + table.offset[i] * (int64_t{1} << kExp2OffsetBits), kExp2Shift);
}

}  // namespace kernels
