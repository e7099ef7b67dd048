// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source: 16 rows against 64 keys at a time.
#include "attention/attention.h"
#include "attention/rescale.h"

namespace kernels {
namespace {

constexpr unsigned kBlocks = kTile / 8;  // of dimensions and of keys
constexpr unsigned kRowOfBlocks = kBlocks * kBlock;
constexpr unsigned kRowBlocks = kGroupRows / kBlockRows;
constexpr int16_t kMostExponent = 127 * 256;

using Scores = aie::mmul<4, 8, 8, int8, int8>;
using Values = aie::mmul<4, 8, 8, uint8, int8>;
using Table = aie::lut<4, int16, int16>;
using Lines = aie::linear_approx<int16, Table>;

// The key of each lane of two rows, in the first block of keys.
alignas(32) constexpr int16_t kLaneKeys[16] = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};

inline aie::vector<int16, 16> two_rows(int32_t first, int32_t second) {
  return aie::concat(aie::broadcast<int16, 8>(static_cast<int16_t>(first)),
                     aie::broadcast<int16, 8>(static_cast<int16_t>(second)));
}

inline aie::mask<16> seen(unsigned key_block, const aie::vector<int16, 16>& visible) {
  const auto first = aie::broadcast<int16, 16>(static_cast<int16_t>(key_block * 8));
  return aie::lt(aie::add(aie::load_v<16>(kLaneKeys), first), visible);
}

inline int32_t visible_keys(int32_t limit, int32_t first_key) {
  const int32_t keys = limit - first_key;
  return keys < 0 ? 0 : keys > static_cast<int32_t>(kTile) ? static_cast<int32_t>(kTile) : keys;
}

// exponents[4 row blocks][8 key blocks][4][8] of 16 rows, at most `greatest`.
void score(const int8_t* q, const int8_t* kt, const AttentionBlock& block, int16_t greatest,
           int16_t* exponents) {
  const auto mult = aie::broadcast<int16, 16>(block.mult);
  const auto most = aie::broadcast<int16, 16>(greatest);
  for (unsigned kb = 0; kb < kBlocks; kb += 2) {
    Scores sums[kRowBlocks][2];
    for (unsigned db = 0; db < kBlocks; ++db) {
      const auto right0 = aie::load_v<64>(kt + (db * kBlocks + kb) * 64);
      const auto right1 = aie::load_v<64>(kt + (db * kBlocks + kb + 1) * 64);
      for (unsigned rb = 0; rb < kRowBlocks; ++rb) {
        const auto left = aie::load_v<kBlock>(q + rb * kRowOfBlocks + db * kBlock);
        sums[rb][0].mac(left, right0);
        sums[rb][1].mac(left, right1);
      }
    }
    for (unsigned rb = 0; rb < kRowBlocks; ++rb) {
      for (unsigned i = 0; i < 4; ++i) {
        const auto half = sums[rb][i / 2].to_vector<int32>().extract<16>(i % 2);
        const auto scaled = aie::mul(half, mult).to_vector<int16>(block.shift);
        aie::store_v(exponents + rb * kRowOfBlocks + kb * kBlock + i * 16, aie::min(scaled, most));
      }
    }
  }
}

// Two rows: their greatest exponents, and the rows brought to the power of two above.
void raise_two_rows(const int16_t* exponents, const int32_t* visible, AttentionRow* rows,
                    int32_t* weighted) {
  const auto limits = two_rows(visible[0], visible[1]);
  auto best = aie::broadcast<int16, 16>(kNoWeight);
  for (unsigned kb = 0; kb < kBlocks; ++kb) {
    const auto values = aie::load_v<16>(exponents + kb * kBlock);
    best =
        aie::max(best, aie::select(aie::broadcast<int16, 16>(kNoWeight), values, seen(kb, limits)));
  }
  for (unsigned two = 0; two < 2; ++two) {
    if (visible[two] == 0) continue;
    const int32_t greatest = aie::reduce_max(best.extract<8>(two));
    const int32_t exponent = (greatest + 255) >> kExponentBits;
    if (rows[two].sum == 0) rows[two].exponent = exponent;
    raise_exponent(rows[two], weighted + two * 8, exponent);
  }
}

// Two rows: weights of their exponents, added to the sums.
void weigh_two_rows(const int16_t* exponents, const int32_t* visible, const Lines& lines,
                    AttentionRow* rows, uint8_t* weights) {
  const auto limits = two_rows(visible[0], visible[1]);
  const auto above = two_rows(visible[0] == 0 ? 0 : rows[0].exponent * 256 + 1,
                              visible[1] == 0 ? 0 : rows[1].exponent * 256 + 1);
  auto sums = aie::zeros<uint16, 16>();
  for (unsigned kb = 0; kb < kBlocks; kb += 4) {
    aie::accum<acc64, 16> weight[4];
    aie::set_rounding(aie::rounding_mode::floor);
    for (unsigned i = 0; i < 4; ++i) {
      const auto below = aie::saturating_sub(aie::load_v<16>(exponents + (kb + i) * kBlock), above);
      weight[i] = lines.compute(
          aie::select(aie::broadcast<int16, 16>(kNoWeight), below, seen(kb + i, limits)));
    }
    aie::set_rounding(aie::rounding_mode::conv_even);
    for (unsigned i = 0; i < 4; ++i) {
      const auto bytes = weight[i].to_vector<uint8>(kExp2Shift);
      aie::store_v(weights + (kb + i) * kBlock, bytes);
      sums = aie::add(sums, bytes.unpack());
    }
  }
  for (unsigned two = 0; two < 2; ++two) rows[two].sum += aie::reduce_add(sums.extract<8>(two));
}

// weighted += weights * v.
void add_values(const uint8_t* weights, const int8_t* v, int32_t* weighted) {
  for (unsigned db = 0; db < kBlocks; db += 2) {
    for (unsigned rb = 0; rb < kRowBlocks; rb += 2) {
      int32_t* to = weighted + rb * kRowOfBlocks + db * kBlock;
      Values c00(aie::load_v<kBlock>(to)), c01(aie::load_v<kBlock>(to + kBlock));
      Values c10(aie::load_v<kBlock>(to + kRowOfBlocks));
      Values c11(aie::load_v<kBlock>(to + kRowOfBlocks + kBlock));
      for (unsigned kb = 0; kb < kBlocks; ++kb) {
        const uint8_t* left = weights + rb * kRowOfBlocks + kb * kBlock;
        const auto right0 = aie::load_v<64>(v + (kb * kBlocks + db) * 64);
        const auto right1 = aie::load_v<64>(v + (kb * kBlocks + db + 1) * 64);
        const auto upper = aie::load_v<kBlock>(left);
        const auto lower = aie::load_v<kBlock>(left + kRowOfBlocks);
        c00.mac(upper, right0), c01.mac(upper, right1);
        c10.mac(lower, right0), c11.mac(lower, right1);
      }
      aie::store_v(to, c00.to_vector<int32>());
      aie::store_v(to + kBlock, c01.to_vector<int32>());
      aie::store_v(to + kRowOfBlocks, c10.to_vector<int32>());
      aie::store_v(to + kRowOfBlocks + kBlock, c11.to_vector<int32>());
    }
  }
}

}  // namespace

void npu_attention_block_i8(const int8_t* q, const int8_t* kv, const AttentionBlock* block,
                            const int32_t* limits, const int16_t* table, int8_t* scratch,
                            AttentionRow* rows, int32_t* weighted, unsigned row_groups) {
  set_core_modes();
  const Table memory(kSegments, table, table + kLinearTableElements / 2);
  const Lines lines(memory, kExp2SegmentBits, kExp2Bias, kExp2OffsetBits);
  int16_t* exponents = reinterpret_cast<int16_t*>(scratch);
  uint8_t* weights = reinterpret_cast<uint8_t*>(scratch + kGroupRows * kTile * sizeof(int16_t));
  for (unsigned group = 0; group < row_groups; ++group) {
    const unsigned first = group * kGroupRows;
    int32_t* sums = weighted + first * kTile;
    score(q + first * kTile, kv, *block, kMostExponent, exponents);
    for (unsigned row = 0; row < kGroupRows; row += 2) {
      const size_t at = tile_index(row, 0);
      const int32_t visible[2] = {visible_keys(limits[first + row], block->first_key),
                                  visible_keys(limits[first + row + 1], block->first_key)};
      raise_two_rows(exponents + at, visible, rows + first + row, sums + at);
      weigh_two_rows(exponents + at, visible, lines, rows + first + row, weights + at);
    }
    add_values(weights, kv + kTileElements, sums);
  }
}

void npu_alignment_scores_i16(const int8_t* q, const int8_t* kt, const AttentionBlock* block,
                              int16_t* out) {
  set_core_modes();
  score(q, kt, *block, 32767, out);
}

}  // namespace kernels
