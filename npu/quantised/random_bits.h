// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers that look random and are the same every time.
#pragma once

#include <cstdint>

namespace npu::quantised {

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): the
// number at place `index`.
constexpr uint64_t random_bits(uint64_t index) {
  uint64_t value = index + 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

}  // namespace npu::quantised
