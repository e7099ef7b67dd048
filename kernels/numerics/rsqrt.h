// SPDX-License-Identifier: LGPL-2.1-or-later
// 1 / sqrt of an integer as a 16-bit multiplier and a shift, without division.
#pragma once

#include <bit>
#include <cstdint>

namespace kernels {

// The greatest r with r^2 * m <= 2^60, at most 32767: floor(2^30 / sqrt(m)). 2^30 <= m < 2^32.
// Three steps of Newton's method in 32 bits from a line, then the exact neighbour.
constexpr uint32_t rsqrt_mantissa(uint32_t m) {
  const uint32_t x = m >> 16;                // 16 fraction bits, 1/4 <= x < 1
  uint32_t r = 35000 - ((x * 18700) >> 16);  // 14 fraction bits
  for (int step = 0; step < 3; ++step) {
    const uint32_t product = (((r * r) >> 14) * x) >> 16;  // r^2 x, 14 fraction bits
    r = (r * (3 * 16384 - product)) >> 15;
  }
  constexpr uint64_t kOne = uint64_t{1} << 60;
  while (uint64_t{r} * r * m > kOne) --r;
  while (uint64_t{r + 1} * (r + 1) * m <= kOne) ++r;
  return r < 32767 ? r : 32767;
}

struct Rsqrt {
  int16_t mult;   // in [2^14, 2^15)
  int16_t shift;  // mult * 2^-shift = 1 / sqrt(value), from below, within 2^-14 of it
};

// 1 <= value < 2^62.
constexpr Rsqrt rsqrt(uint64_t value) {
  const int width = std::bit_width(value);
  const int down = (width - 31) & ~1;  // value / 2^down has 31 or 32 bits; even
  const uint32_t m = static_cast<uint32_t>(down >= 0 ? value >> down : value << -down);
  return {static_cast<int16_t>(rsqrt_mantissa(m)), static_cast<int16_t>(30 + down / 2)};
}

}  // namespace kernels
