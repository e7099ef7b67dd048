// SPDX-License-Identifier: LGPL-2.1-or-later
// The arithmetic once more, for references: quotients and remainders of 128-bit integers, no bit
// tricks.
#pragma once

#include <cstdint>
#include <limits>

namespace kernels::exact {

using Wide = __int128;

constexpr Wide floor_quotient(Wide value, Wide divisor) {
  const Wide quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

// value / 2^shift to the nearest integer, ties to even.
constexpr Wide nearest_even(Wide value, unsigned shift) {
  const Wide divisor = Wide{1} << shift;
  const Wide below = floor_quotient(value, divisor);
  const Wide twice = 2 * (value - below * divisor);
  if (twice < divisor) return below;
  if (twice > divisor) return below + 1;
  return below % 2 == 0 ? below : below + 1;
}

template <typename T>
constexpr T clamp_to(Wide value) {
  if (value < std::numeric_limits<T>::min()) return std::numeric_limits<T>::min();
  if (value > std::numeric_limits<T>::max()) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

// The two planes of a value of 12 bits, which is clamped.
constexpr void split_fine(Wide value, int8_t& high, int8_t& low) {
  const Wide fine = value > 2039 ? 2039 : value < -2048 ? -2048 : value;
  high = static_cast<int8_t>(nearest_even(fine, 4));
  low = static_cast<int8_t>(fine - Wide{high} * 16);
}

}  // namespace kernels::exact
