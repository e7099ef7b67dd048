// SPDX-License-Identifier: LGPL-2.1-or-later
// The contract of attention.h, a row and a key at a time.
#include "attention/attention.h"
#include "numerics/exact.h"

namespace kernels {
namespace {

using exact::Wide;

size_t block_index(unsigned row, unsigned column) {
  return (row / 8 * 8 + column / 8) * size_t{64} + row % 8 * 8 + column % 8;
}

int32_t halved(int32_t value, int32_t times) {
  return static_cast<int32_t>(exact::nearest_even(value, static_cast<unsigned>(times)));
}

void raise(AttentionRow& row, int32_t* weighted, unsigned index, int32_t exponent) {
  if (row.sum == 0) row.exponent = exponent;
  if (exponent <= row.exponent) return;
  // 100 halvings leave nothing of 32 bits, like any greater number.
  const int32_t times = exponent - row.exponent > 100 ? 100 : exponent - row.exponent;
  for (unsigned i = 0; i < kTile; ++i) {
    int32_t& value = weighted[tile_index(index, i)];
    value = halved(value, times);
  }
  row.sum = halved(row.sum, times);
  row.exponent = exponent;
}

// 255 * 2^((x + 1) / 256), from the first copy of the table's lines.
int32_t weight_of(const int16_t* table, Wide x) {
  Wide segment = exact::floor_quotient(x, 16) + 256;
  const Wide rest = x - exact::floor_quotient(x, 16) * 16;
  segment = segment < 0 ? 0 : segment > 255 ? 255 : segment;
  const unsigned i = static_cast<unsigned>(segment);
  const int16_t* pair = table + i / 4 * 16 + i % 4 * 2;
  return exact::clamp_to<uint8_t>(
      exact::nearest_even(Wide{pair[0]} * rest + Wide{pair[1]} * 64, 13));
}

// q of a row times one key.
int64_t product_of(const int8_t* q, const int8_t* kt, unsigned row, unsigned key) {
  int64_t sum = 0;
  for (unsigned i = 0; i < kTile; ++i)
    sum += int64_t{q[tile_index(row, i)]} * kt[block_index(i, key)];
  return sum;
}

// f(place of the element, weighted / sum * 2^gain to the nearest integer).
template <typename F>
void for_each_quotient(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                       unsigned row_groups, F f) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    // 1 / sum = root * 2^-(30 + quarters), root = floor(2^30 / sqrt(m)), sum^2 = m * 4^quarters.
    Wide m = Wide{rows[row].sum} * rows[row].sum;
    int quarters = 0;
    while (m >= Wide{1} << 32) m /= 4, ++quarters;
    while (m != 0 && m < Wide{1} << 30) m *= 4, --quarters;
    Wide root = 0;
    for (Wide bit = 16384; bit > 0; bit /= 2) {
      if ((root + bit) * (root + bit) * m <= Wide{1} << 60) root += bit;
    }
    const unsigned shift = static_cast<unsigned>(30 + quarters) - gain;
    for (unsigned i = 0; i < kTile; ++i) {
      const size_t at = tile_index(row, i);
      f(at, m == 0 ? Wide{0} : exact::nearest_even(weighted[at] * root, shift));
    }
  }
}

}  // namespace

void npu_attention_block_i8_ref(const int8_t* q, const int8_t* kv, const AttentionBlock* block,
                                const int32_t* limits, const int16_t* table, AttentionRow* rows,
                                int32_t* weighted, unsigned row_groups) {
  const int8_t* v = kv + kTileElements;
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    int32_t exponents[kTile];
    int32_t greatest = -32768;
    bool any = false;
    for (unsigned key = 0; key < kTile; ++key) {
      const int16_t e = exact::clamp_to<int16_t>(
          exact::nearest_even(Wide{product_of(q, kv, row, key)} * block->mult, block->shift));
      exponents[key] = e > 127 * 256 ? 127 * 256 : e;
      if (block->first_key + static_cast<int32_t>(key) >= limits[row]) continue;
      any = true;
      if (exponents[key] > greatest) greatest = exponents[key];
    }
    if (!any) continue;
    raise(rows[row], weighted, row, static_cast<int32_t>(-exact::floor_quotient(-greatest, 256)));
    for (unsigned key = 0; key < kTile; ++key) {
      if (block->first_key + static_cast<int32_t>(key) >= limits[row]) continue;
      const Wide x = Wide{exponents[key]} - rows[row].exponent * 256 - 1;
      const int32_t p = weight_of(table, x < -32768 ? -32768 : x);
      rows[row].sum += p;
      for (unsigned i = 0; i < kTile; ++i) {
        weighted[tile_index(row, i)] += p * v[block_index(key, i)];
      }
    }
  }
}

void npu_attention_combine_ref(AttentionRow* rows, int32_t* weighted,
                               const AttentionRow* other_rows, const int32_t* other_weighted,
                               unsigned row_groups) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    if (other_rows[row].sum == 0) continue;
    raise(rows[row], weighted, row, other_rows[row].exponent);
    const int32_t gap = rows[row].exponent - other_rows[row].exponent;
    const int32_t times = gap > 100 ? 100 : gap;
    for (unsigned i = 0; i < kTile; ++i) {
      weighted[tile_index(row, i)] += halved(other_weighted[tile_index(row, i)], times);
    }
    rows[row].sum += halved(other_rows[row].sum, times);
  }
}

void npu_attention_finish_i8_ref(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                                 int8_t* out, unsigned row_groups) {
  for_each_quotient(rows, weighted, gain, row_groups,
                    [&](size_t at, Wide value) { out[at] = exact::clamp_to<int8_t>(value); });
}

void npu_attention_finish_i16_ref(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                                  int16_t* out, unsigned row_groups) {
  for_each_quotient(rows, weighted, gain, row_groups,
                    [&](size_t at, Wide value) { out[at] = exact::clamp_to<int16_t>(value); });
}

void npu_attention_finish_fine_i8_ref(const AttentionRow* rows, const int32_t* weighted,
                                      unsigned gain, int8_t* high, int8_t* low,
                                      unsigned row_groups) {
  for_each_quotient(rows, weighted, gain, row_groups,
                    [&](size_t at, Wide value) { exact::split_fine(value, high[at], low[at]); });
}

void npu_alignment_scores_i16_ref(const int8_t* q, const int8_t* kt, const AttentionBlock* block,
                                  int16_t* out) {
  for (unsigned row = 0; row < kGroupRows; ++row) {
    for (unsigned key = 0; key < kTile; ++key) {
      out[tile_index(row, key)] = exact::clamp_to<int16_t>(
          exact::nearest_even(Wide{product_of(q, kt, row, key)} * block->mult, block->shift));
    }
  }
}

}  // namespace kernels
