// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source: start, combine and finish; the block is attention_block.cc.
#include "attention/attention.h"

#include "attention/rescale.h"
#include "fine/fine.h"

namespace kernels {
namespace {

constexpr unsigned kColumnBlocks = kTile / kBlockColumns;

// Where the 64 values of a row begin; its pieces of 8 are kBlock apart.
inline size_t row_begin(unsigned row) {
  return tile_index(row, 0);
}

inline Rsqrt inverse_of(const AttentionRow& row) {
  const uint64_t sum = static_cast<uint64_t>(row.sum);
  return sum == 0 ? Rsqrt{0, 20} : rsqrt(sum * sum);
}

// Eight values of a row divided by its sum.
inline aie::vector<int16, 8> quotients(const int32_t* values, const Rsqrt& inverse, unsigned gain) {
  const auto mult = aie::broadcast<int16, 8>(inverse.mult);
  return aie::mul(aie::load_v<8>(values), mult)
      .to_vector<int16>(static_cast<unsigned>(inverse.shift) - gain);
}

// In ascending order: `out` may begin where `weighted` does.
template <typename T>
void finish(const AttentionRow* rows, const int32_t* weighted, unsigned gain, T* out,
            unsigned row_groups) {
  set_core_modes();
  for (unsigned row = 0; row < row_groups * kGroupRows; row += kBlockRows) {
    Rsqrt inverse[kBlockRows];
    for (unsigned i = 0; i < kBlockRows; ++i) inverse[i] = inverse_of(rows[row + i]);
    for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
      for (unsigned two = 0; two < kBlockRows; two += 2) {
        const size_t at = row_begin(row + two) + cb * kBlock;
        const auto both = aie::concat(quotients(weighted + at, inverse[two], gain),
                                      quotients(weighted + at + 8, inverse[two + 1], gain));
        if constexpr (sizeof(T) == 1) {
          aie::store_v(out + at, both.pack());
        } else {
          aie::store_v(out + at, both);
        }
      }
    }
  }
}

}  // namespace

void npu_attention_start(AttentionRow* rows, int32_t* weighted, unsigned row_groups) {
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) rows[row] = {0, 0};
  const auto nothing = aie::zeros<int32, 16>();
  for (unsigned i = 0; i < row_groups * kGroupRows * kTile; i += 16) {
    aie::store_v(weighted + i, nothing);
  }
}

void npu_attention_combine(AttentionRow* rows, int32_t* weighted, const AttentionRow* other_rows,
                           const int32_t* other_weighted, unsigned row_groups) {
  set_core_modes();
  for (unsigned row = 0; row < row_groups * kGroupRows; ++row) {
    const AttentionRow& other = other_rows[row];
    if (other.sum == 0) continue;
    int32_t* values = weighted + row_begin(row);
    const int32_t* added = other_weighted + row_begin(row);
    if (rows[row].sum == 0) rows[row].exponent = other.exponent;
    raise_exponent(rows[row], values, other.exponent);
    const unsigned down = halvings(rows[row].exponent - other.exponent);
    for (unsigned cb = 0; cb < kColumnBlocks; ++cb) {
      const auto scaled = divided(aie::load_v<8>(added + cb * kBlock), down);
      int32_t* to = values + cb * kBlock;
      aie::store_v(to, aie::add(aie::load_v<8>(to), scaled));
    }
    rows[row].sum += divided(aie::broadcast<int32, 8>(other.sum), down).get(0);
  }
}

void npu_attention_finish_i8(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                             int8_t* out, unsigned row_groups) {
  finish(rows, weighted, gain, out, row_groups);
}

void npu_attention_finish_i16(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                              int16_t* out, unsigned row_groups) {
  finish(rows, weighted, gain, out, row_groups);
}

void npu_attention_finish_fine_i8(const AttentionRow* rows, int32_t* weighted, unsigned gain,
                                  int8_t* high, int8_t* low, unsigned row_groups) {
  int16_t* values = reinterpret_cast<int16_t*>(weighted);
  npu_attention_finish_i16(rows, weighted, gain, values, row_groups);
  npu_fine_split_i16(values, high, low, row_groups);
}

}  // namespace kernels
