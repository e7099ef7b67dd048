// SPDX-License-Identifier: LGPL-2.1-or-later
// Activations of 12 bits as two planes of int8, for inputs of products where 8 bits lose too much.
#pragma once

#include <cstdint>

#include "numerics/rounding.h"

namespace kernels {

// value = 16 * high + low. The low plane is in [-8, 8]; the greatest value is the one whose high
// plane still rounds to 127.
inline constexpr unsigned kFineBits = 4;
inline constexpr int16_t kFineMost = 2039;
inline constexpr int16_t kFineLeast = -2048;

struct FinePlanes {
  int8_t high;
  int8_t low;
};

constexpr int16_t clamp_fine(int32_t value) {
  return static_cast<int16_t>(value < kFineLeast  ? kFineLeast
                              : value > kFineMost ? kFineMost
                                                  : value);
}

// Clamps, then high = value / 16 to nearest, ties to even.
constexpr FinePlanes split_fine(int32_t value) {
  const int32_t clamped = clamp_fine(value);
  const int8_t high = round_shift<int8_t>(clamped, kFineBits);
  return {high, static_cast<int8_t>(clamped - high * (1 << kFineBits))};
}

constexpr int16_t join_fine(FinePlanes planes) {
  return static_cast<int16_t>(planes.high * (1 << kFineBits) + planes.low);
}

}  // namespace kernels
