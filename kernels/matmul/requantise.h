// SPDX-License-Identifier: LGPL-2.1-or-later
// Requantisation of a 4 x 8 block of sums, for the AIE2 sources of the epilogues.
#pragma once

#include "layout/core_modes.h"

namespace kernels {

// The multipliers of 8 columns, for two rows of a block.
inline aie::vector<int16, 16> two_rows_of(const int16_t* mult) {
  const auto row = aie::load_v<8>(mult);
  return aie::concat(row, row);
}

// Two rows of a block: 16 lanes into 64-bit sums, one SRS.
template <typename T>
inline aie::vector<T, 16> requantise_rows(const int32_t* sums, const aie::vector<int16, 16>& mult,
                                          unsigned shift) {
  return aie::mul(aie::load_v<16>(sums), mult).to_vector<T>(shift);
}

template <typename T>
inline aie::vector<T, 32> requantise_block(const int32_t* sums, const aie::vector<int16, 16>& mult,
                                           unsigned shift) {
  return aie::concat(requantise_rows<T>(sums, mult, shift),
                     requantise_rows<T>(sums + 16, mult, shift));
}

}  // namespace kernels
