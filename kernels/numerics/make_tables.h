// SPDX-License-Identifier: LGPL-2.1-or-later
// The contents of the tables, in double. For the packer and tests on the host; no core includes it.
#pragma once

#include <cmath>

#include "numerics/exp2_table.h"
#include "numerics/linear_table.h"

namespace kernels {

// The erf form of GELU for inputs and outputs in units of `scale`, 2^-13 <= scale <= 2^-8. Each
// line passes through the ends of its segment, moved by half of its error in the middle.
inline LinearTable make_gelu_table(double scale) {
  const auto gelu = [scale](double units) {
    const double x = units * scale;
    return 0.5 * x * std::erfc(-x / std::sqrt(2.0)) / scale;
  };
  LinearTable table;
  for (unsigned i = 0; i < kSegments; ++i) {
    const double begin = (static_cast<double>(i) - kSegments / 2) * (1 << kSegmentBits);
    const double end = begin + (1 << kSegmentBits), middle = (begin + end) / 2;
    const double error = gelu(middle) - (gelu(begin) + gelu(end)) / 2;
    const double slope = (gelu(end) - gelu(begin)) / (1 << kSegmentBits);
    table.slope[i] =
        saturate_to<int16_t>(std::llround(slope * (1 << kSlopeBits)), SaturationMode::kSaturate);
    table.offset[i] =
        saturate_to<int16_t>(std::llround(gelu(begin) + error / 2), SaturationMode::kSaturate);
  }
  return table;
}

// 255 * 2^((x + 1) / 256) with 7 fraction bits, in 256 lines of 16 values, each moved by half of
// its error in the middle; the lowest line is 0.
inline LinearTable make_exp2_table() {
  const auto weight = [](double x) { return 255 * 128 * std::exp2((x + 1) / 256); };
  LinearTable table{};
  for (unsigned i = 1; i < kSegments; ++i) {
    const double begin = (static_cast<double>(i) - kExp2Bias) * (1 << kExp2SegmentBits);
    const double end = begin + (1 << kExp2SegmentBits);
    const double slope = (weight(end) - weight(begin)) * (1 << kExp2OffsetBits);
    table.slope[i] = static_cast<int16_t>(std::llround(slope / (1 << kExp2SegmentBits)));
    const double error = weight((begin + end) / 2) - (weight(begin) + weight(end)) / 2;
    table.offset[i] = static_cast<int16_t>(std::llround(weight(begin) + error / 2));
  }
  return table;
}

}  // namespace kernels
