// SPDX-License-Identifier: LGPL-2.1-or-later
// Scaling of 32-bit sums: a real factor as a 16-bit multiplier and a shift.
#pragma once

#include <cstdint>

#include "numerics/rounding.h"

namespace kernels {

// A factor mult * 2^-shift. The columns of one N tile share the shift: the greatest factor of the
// tile has a multiplier in [2^14, 2^15), the others are smaller by their ratio to it.
inline constexpr unsigned kMaxRequantiseShift = 47;

struct Factor {
  int16_t mult;
  unsigned shift;
};

// The nearest Factor with a normalised multiplier. 2^-32 <= factor < 2^14.
constexpr Factor make_factor(double factor) {
  unsigned shift = 0;
  while (factor < 16384.0) {
    factor *= 2;
    ++shift;
  }
  const int64_t mult = static_cast<int64_t>(factor + 0.5);
  if (mult == 32768 && shift > 0) return {16384, shift - 1};
  return {static_cast<int16_t>(mult > 32767 ? 32767 : mult), shift};
}

// sum * mult * 2^-shift, |sum * mult| < 2^46.
constexpr int16_t requantise_i16(int32_t sum, int16_t mult, unsigned shift) {
  return round_shift<int16_t>(int64_t{sum} * mult, shift);
}

// The array goes through 16 bits: SRS to int16, then a saturating pack.
constexpr int8_t requantise_i8(int32_t sum, int16_t mult, unsigned shift) {
  return saturate_to<int8_t>(requantise_i16(sum, mult, shift), SaturationMode::kSaturate);
}

constexpr int16_t add_saturated(int16_t a, int16_t b) {
  return saturate_to<int16_t>(int64_t{a} + b, SaturationMode::kSaturate);
}

}  // namespace kernels
