// SPDX-License-Identifier: LGPL-2.1-or-later
// A function of 16 bits as 256 straight lines, in the form that the array's cores read.
#pragma once

#include <array>
#include <cstdint>

#include "numerics/rounding.h"

namespace kernels {

inline constexpr unsigned kSegments = 256;
inline constexpr unsigned kSegmentBits = 8;                          // values per segment: 2^8
inline constexpr unsigned kSlopeBits = 14;                           // fraction bits of a slope
inline constexpr unsigned kLinearTableElements = 4 * 2 * kSegments;  // int16, 4,096 bytes

struct LinearTable {
  std::array<int16_t, kSegments> slope;   // of segment i, which starts at (i - 128) * 256
  std::array<int16_t, kSegments> offset;  // value at its start
};

// What the array computes.
constexpr int16_t evaluate(const LinearTable& table, int16_t x) {
  const unsigned i = static_cast<unsigned>((x >> kSegmentBits) + static_cast<int>(kSegments / 2));
  const int64_t rest = x & ((1 << kSegmentBits) - 1);
  return round_shift<int16_t>(table.slope[i] * rest + table.offset[i] * (int64_t{1} << kSlopeBits),
                              kSlopeBits);
}

// Pairs (slope, offset) in groups of four, each group twice, and the whole once more for the other
// pair of memory banks: kLinearTableElements elements.
constexpr void lay_out(const LinearTable& table, int16_t* memory) {
  for (unsigned i = 0; i < kSegments; ++i) {
    for (unsigned copy = 0; copy < 4; ++copy) {
      int16_t* pair =
          memory + copy / 2 * (kLinearTableElements / 2) + i / 4 * 16 + copy % 2 * 8 + i % 4 * 2;
      pair[0] = table.slope[i];
      pair[1] = table.offset[i];
    }
  }
}

}  // namespace kernels
