// SPDX-License-Identifier: LGPL-2.1-or-later
// Attention of one head, 64 dimensions, fused: blocks of 64 keys come by, scores never leave the
// core.
//
// For row r and the keys of a block that it sees (index < limits[r]; the others weigh nothing):
//   e = min(requantise_i16(q . k, mult, shift), 127 * 256)     base-2 exponents, 8 fraction bits
//   E' = max(E, ceil(greatest e / 256))                         a whole power of two
//   weighted, sum: divided by 2^(E' - E), to nearest, ties to even
//   p = evaluate_exp2(table, max(e - 256 E' - 1, -32768))       0..255, the greatest is >= 127
//   weighted += p * v, sum += p                                 exact in 32 bits
// A row that sees no key of a block stays as it is. In the end out = weighted / sum * 2^gain.
//
// limits say everything about masks: the number of keys for padding, position + 1 for causal
// attention, each decode row its own. Ranges: |weighted| < 2^26 and sum < 2^19 for 2,048 keys.
// Rows come in groups of 16 (row_groups 1 to 4), T64. Buffers are 32-byte aligned, no overlap.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"
#include "numerics/exp2_table.h"
#include "numerics/rsqrt.h"

namespace kernels {

struct AttentionRow {
  int32_t exponent;  // E; of no meaning while sum is 0
  int32_t sum;       // 0: no key yet
};

struct AttentionBlock {
  int16_t mult;       // of the scores, >= 0: log2(e) / 8 and the scales of q and k
  unsigned shift;     // <= kMaxRequantiseShift
  int32_t first_key;  // index of the block's first key
};

// Exponents int16 and weights uint8 of 16 rows; lies in the C buffer, which is free until the end.
inline constexpr size_t kAttentionScratchBytes = kGroupRows * kTile * (sizeof(int16_t) + 1);
static_assert(kAttentionScratchBytes <= CoreMemory::kOutput);
static_assert(2 * kTileElements == kObjectBytes, "K^T and V are one B object");
static_assert(kTile * (sizeof(AttentionRow) + sizeof(int32_t)) + 64 <= CoreMemory::kParameters);
static_assert(kTileElements * sizeof(int32_t) <= CoreMemory::kScratch, "weighted");

extern "C" {

// No key seen: weighted [row_groups * 16][64] and the rows are 0.
void npu_attention_start(AttentionRow* rows, int32_t* weighted, unsigned row_groups);

// q: a tile of T64. kv: K^T (dimensions x keys), then V (keys x dimensions), both in blocks 8 x 8
// as the epilogues kt and v of matmul.h leave them. table: lay_out(make_exp2_table()).
void npu_attention_block_i8(const int8_t* q, const int8_t* kv, const AttentionBlock* block,
                            const int32_t* limits, const int16_t* table, int8_t* scratch,
                            AttentionRow* rows, int32_t* weighted, unsigned row_groups);
void npu_attention_block_i8_ref(const int8_t* q, const int8_t* kv, const AttentionBlock* block,
                                const int32_t* limits, const int16_t* table, AttentionRow* rows,
                                int32_t* weighted, unsigned row_groups);

// Takes up what other blocks of keys gave for the same rows: both sides are brought to the greater
// exponent as above and added. The order of the sides does not matter. Not the bits that one pass
// over all keys gives, whose weights are rounded under another exponent.
void npu_attention_combine(AttentionRow* rows, int32_t* weighted, const AttentionRow* other_rows,
                           const int32_t* other_weighted, unsigned row_groups);
void npu_attention_combine_ref(AttentionRow* rows, int32_t* weighted,
                               const AttentionRow* other_rows, const int32_t* other_weighted,
                               unsigned row_groups);

// out = clamp8(weighted * rsqrt(sum^2) * 2^gain), T64; rows without a key give 0. gain <= 8.
void npu_attention_finish_i8(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                             int8_t* out, unsigned row_groups);
void npu_attention_finish_i8_ref(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                                 int8_t* out, unsigned row_groups);

// The same to 16 bits, gain <= 12. `out` may begin where `weighted` does.
void npu_attention_finish_i16(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                              int16_t* out, unsigned row_groups);
void npu_attention_finish_i16_ref(const AttentionRow* rows, const int32_t* weighted, unsigned gain,
                                  int16_t* out, unsigned row_groups);

// npu_attention_finish_i16, then the two planes of split_fine(): a gain of 4 more than to int8 has
// the same range. Uses `weighted` up; `low` may begin where it does.
void npu_attention_finish_fine_i8(const AttentionRow* rows, int32_t* weighted, unsigned gain,
                                  int8_t* high, int8_t* low, unsigned row_groups);
void npu_attention_finish_fine_i8_ref(const AttentionRow* rows, const int32_t* weighted,
                                      unsigned gain, int8_t* high, int8_t* low,
                                      unsigned row_groups);

// Scores of the alignment heads: 16 rows of q (a group of a T64 tile) against the 64 keys of a K^T,
//   out = requantise_i16(q . k, mult, shift)
// whether a row sees the key or not. out[16][64] of T64. block->first_key is of no meaning.
void npu_alignment_scores_i16(const int8_t* q, const int8_t* kt, const AttentionBlock* block,
                              int16_t* out);
void npu_alignment_scores_i16_ref(const int8_t* q, const int8_t* kt, const AttentionBlock* block,
                                  int16_t* out);

}  // extern "C"

}  // namespace kernels
