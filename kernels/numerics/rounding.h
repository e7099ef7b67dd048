// SPDX-License-Identifier: LGPL-2.1-or-later
// From an accumulator to a narrower integer: shift, round, saturate (the array's SRS step).
#pragma once

#include <cstdint>
#include <limits>

namespace kernels {

// The codes are those of the control register of AIE2.
enum class RoundingMode : unsigned {
  kFloor = 0,  // after a reset
  kCeil = 1,
  kSymFloor = 2,  // toward zero
  kSymCeil = 3,   // away from zero
  kNegInf = 8,    // nearest; ties down
  kPosInf = 9,    // nearest; ties up
  kSymZero = 10,  // nearest; ties toward zero
  kSymInf = 11,   // nearest; ties away from zero
  kConvEven = 12,
  kConvOdd = 13,
};

enum class SaturationMode : unsigned {
  kNone = 0,  // after a reset: the low bits stay
  kSaturate = 1,
  kSymmetric = 3,  // the least value is -(2^(n-1) - 1)
};

// acc / 2^shift in integers, 0 <= shift <= 63. Exact for every acc.
constexpr int64_t shift_round(int64_t acc, unsigned shift, RoundingMode mode) {
  if (shift == 0) return acc;
  const int64_t down = acc >> shift;
  const uint64_t bits = static_cast<uint64_t>(acc);
  const bool lsb = (down & 1) != 0;
  const bool guard = (bits >> (shift - 1) & 1) != 0;
  const bool sticky = (bits & ((uint64_t{1} << (shift - 1)) - 1)) != 0;
  const bool negative = acc < 0;
  bool up = false;
  switch (mode) {
    case RoundingMode::kFloor:
      break;
    case RoundingMode::kCeil:
      up = guard || sticky;
      break;
    case RoundingMode::kSymFloor:
      up = negative && (guard || sticky);
      break;
    case RoundingMode::kSymCeil:
      up = !negative && (guard || sticky);
      break;
    case RoundingMode::kNegInf:
      up = guard && sticky;
      break;
    case RoundingMode::kPosInf:
      up = guard;
      break;
    case RoundingMode::kSymZero:
      up = guard && (sticky || negative);
      break;
    case RoundingMode::kSymInf:
      up = guard && (sticky || !negative);
      break;
    case RoundingMode::kConvEven:
      up = guard && (sticky || lsb);
      break;
    case RoundingMode::kConvOdd:
      up = guard && (sticky || !lsb);
      break;
  }
  return down + (up ? 1 : 0);
}

template <typename Out>
constexpr Out saturate_to(int64_t value, SaturationMode mode) {
  if (mode == SaturationMode::kNone) return static_cast<Out>(value);
  const int64_t most = std::numeric_limits<Out>::max();
  int64_t least = std::numeric_limits<Out>::min();
  if (mode == SaturationMode::kSymmetric && least < 0) least = -most;
  return static_cast<Out>(value < least ? least : value > most ? most : value);
}

// What every kernel computes with: nearest, ties to even, saturating.
template <typename Out>
constexpr Out round_shift(int64_t acc, unsigned shift) {
  return saturate_to<Out>(shift_round(acc, shift, RoundingMode::kConvEven),
                          SaturationMode::kSaturate);
}

}  // namespace kernels
