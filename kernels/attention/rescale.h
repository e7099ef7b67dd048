// SPDX-License-Identifier: LGPL-2.1-or-later
// Division of a row by a power of two, for the AIE2 sources of attention.
#pragma once

#include "attention/attention.h"
#include "layout/core_modes.h"

namespace kernels {

// From 32 on every value is 0; a shift stays below 64.
inline unsigned halvings(int32_t difference) {
  return static_cast<unsigned>(difference < 40 ? difference : 40);
}

inline aie::vector<int32, 8> divided(const aie::vector<int32, 8>& values, unsigned down) {
  aie::accum<acc64, 8> wide;
  wide.from_vector(values);
  return wide.to_vector<int32>(down);
}

// Brings a row (8 pieces of 8, kBlock apart) to an exponent, if that is greater than its own.
inline void raise_exponent(AttentionRow& row, int32_t* values, int32_t exponent) {
  if (exponent <= row.exponent) return;
  const unsigned down = halvings(exponent - row.exponent);
  for (unsigned cb = 0; cb < kTile / kBlockColumns; ++cb) {
    aie::store_v(values + cb * kBlock, divided(aie::load_v<8>(values + cb * kBlock), down));
  }
  row.sum = divided(aie::broadcast<int32, 8>(row.sum), down).get(0);
  row.exponent = exponent;
}

}  // namespace kernels
