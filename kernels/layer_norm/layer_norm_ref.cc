// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layer_norm/layer_norm.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

using exact::Wide;

// By halving: the greatest r with r^2 m <= 2^60.
Wide inverse_root(Wide m) {
  Wide least = 0, beyond = Wide{1} << 31;
  while (beyond - least > 1) {
    const Wide middle = (least + beyond) / 2;
    (middle * middle * m <= (Wide{1} << 60) ? least : beyond) = middle;
  }
  return least < 32767 ? least : 32767;
}

// f(place of the element, its value to the nearest integer).
template <typename F>
void for_each_value(const int16_t* tiles, unsigned d, int64_t epsilon, const int16_t* gamma,
                    const int32_t* beta, unsigned out_shift, unsigned row_groups, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    const auto at = [&](unsigned column) {
      return column / kTile * size_t{kTileElements} + tile_index(row, column % kTile);
    };
    Wide sum = 0, squares = 0;
    for (unsigned column = 0; column < d; ++column) {
      sum += tiles[at(column)];
      squares += Wide{tiles[at(column)]} * tiles[at(column)];
    }
    // V = m * 4^quarters with 2^30 <= m < 2^32.
    Wide m = Wide{d} * squares - sum * sum + epsilon;
    int quarters = 0;
    while (m >= Wide{1} << 32) m /= 4, ++quarters;
    while (m < Wide{1} << 30) m *= 4, --quarters;
    const Wide root = inverse_root(m);
    const unsigned shift = static_cast<unsigned>(30 + quarters - 9);
    for (unsigned column = 0; column < d; ++column) {
      const Wide centred = Wide{d} * tiles[at(column)] - sum;
      const Wide n = exact::clamp_to<int16_t>(exact::nearest_even(centred * root, shift));
      f(at(column), exact::nearest_even(n * gamma[column] + beta[column], out_shift));
    }
  }
}

}  // namespace

void npu_layer_norm_i8_ref(const int16_t* tiles, unsigned d, int64_t epsilon, const int16_t* gamma,
                           const int32_t* beta, unsigned out_shift, int8_t* out,
                           unsigned row_groups) {
  for_each_value(tiles, d, epsilon, gamma, beta, out_shift, row_groups,
                 [&](size_t at, Wide value) { out[at] = exact::clamp_to<int8_t>(value); });
}

void npu_layer_norm_i16_ref(const int16_t* tiles, unsigned d, int64_t epsilon, const int16_t* gamma,
                            const int32_t* beta, unsigned out_shift, int16_t* out,
                            unsigned row_groups) {
  for_each_value(tiles, d, epsilon, gamma, beta, out_shift, row_groups,
                 [&](size_t at, Wide value) { out[at] = exact::clamp_to<int16_t>(value); });
}

void npu_layer_norm_fine_i8_ref(const int16_t* tiles, unsigned d, int64_t epsilon,
                                const int16_t* gamma, const int32_t* beta, unsigned out_shift,
                                int8_t* high, int8_t* low, unsigned row_groups) {
  for_each_value(tiles, d, epsilon, gamma, beta, out_shift, row_groups,
                 [&](size_t at, Wide value) { exact::split_fine(value, high[at], low[at]); });
}

}  // namespace kernels
