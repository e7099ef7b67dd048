// SPDX-License-Identifier: LGPL-2.1-or-later
// The base-10 logarithm of an integer, in integers: 64 chords of a table.
#pragma once

#include <bit>
#include <cstdint>

namespace kernels {

inline constexpr unsigned kLogBits = 24;         // fraction bits of a logarithm
inline constexpr int32_t kLogOfTwo = 5'050'445;  // log10(2)
inline constexpr unsigned kLogChords = 64;
inline constexpr unsigned kChordBits = 9;  // values of a mantissa of 15 bits per chord: 2^9
inline constexpr unsigned kLogTableElements = kLogChords + 1;

// log10(value) for value >= 1, from below, within 3e-5: table[i] is log10(1 + i / 64).
constexpr int32_t log10_of(uint64_t value, const int32_t* table) {
  const int exponent = std::bit_width(value) - 1;
  const uint64_t normalised = value << (63 - exponent);
  const unsigned i = static_cast<unsigned>(normalised >> 57) & (kLogChords - 1);
  const int32_t rest = static_cast<int32_t>(normalised >> 48) & ((1 << kChordBits) - 1);
  return exponent * kLogOfTwo + table[i] + ((table[i + 1] - table[i]) * rest >> kChordBits);
}

}  // namespace kernels
