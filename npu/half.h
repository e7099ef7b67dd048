// SPDX-License-Identifier: LGPL-2.1-or-later
// The only conversions of 16-bit floats: IEEE half (f16) and bfloat16 (bf16), to and from f32.
#pragma once

#include <bit>
#include <cstdint>

namespace npu {

// Exact, subnormals, infinities and NaN included. Without branches, so that loops vectorise, and
// independent of the thread's flush-to-zero mode.
inline float half_to_float(uint16_t half) {
  constexpr uint32_t kExponent = 0x7c00u << 13;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t shifted = static_cast<uint32_t>(half & 0x7fffu) << 13;
  const uint32_t exponent = shifted & kExponent;
  const uint32_t normal = shifted + ((127u - 15u) << 23);
  // A subnormal half becomes 2^-14 (1 + m) as a normal float, from which 2^-14 is taken off again.
  const uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(shifted + (113u << 23)) - 0x1p-14f);
  const uint32_t special = shifted + ((255u - 31u) << 23);
  const uint32_t magnitude = exponent == 0 ? subnormal : exponent == kExponent ? special : normal;
  return std::bit_cast<float>(sign | magnitude);
}

// Rounds to nearest even; beyond the range to infinity; NaN stays NaN.
inline uint16_t float_to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x47800000u) return static_cast<uint16_t>(sign | 0x7c00u);
  uint32_t significand;  // value / unit of the result's last place, with `dropped` bits below it
  uint32_t dropped;
  if (magnitude >= 0x38800000u) {
    significand = magnitude - ((127u - 15u) << 23);
    dropped = 13;
  } else {
    const uint32_t exponent = magnitude >> 23;
    if (exponent < 102) return sign;  // below half of the smallest subnormal
    significand = (magnitude & 0x7fffffu) | 0x800000u;
    dropped = 126 - exponent;
  }
  uint32_t rounded = significand >> dropped;
  const uint32_t rest = significand & ((1u << dropped) - 1);
  const uint32_t tie = 1u << (dropped - 1);
  if (rest > tie || (rest == tie && (rounded & 1))) ++rounded;
  return static_cast<uint16_t>(sign | rounded);
}

// Exact.
inline float bfloat16_to_float(uint16_t value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}

// Rounds to nearest even; NaN stays NaN.
inline uint16_t float_to_bfloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace npu
