// SPDX-License-Identifier: LGPL-2.1-or-later
// Scores of a vocabulary projection as they leave a core: 64 tokens (an N tile) at a time.
//
// A score is that of topk/topk.h: round(sum * mult * 2^-shift) in 32 bits, nearest, ties to even,
// saturating. Scores of four rows are 1,024 contiguous bytes, so that few rows take few.
#pragma once

#include <cstddef>
#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"

namespace kernels {

// Bytes of the scores of `rows` rows, 1 to 16, and 64 tokens: whole blocks of four rows.
constexpr size_t logits_bytes(unsigned rows) {
  return (rows + kBlockRows - 1) / kBlockRows * (kBlockRows * kTile * sizeof(int32_t));
}
static_assert(logits_bytes(kGroupRows) == CoreMemory::kOutput);

extern "C" {

// sums: 16 x 64 of T64 (one group of npu_matmul_i8). out: logits_bytes(rows), scores at
// tile_index(row, token) of their tile; those of rows behind the last are of no meaning. 32-byte
// aligned.
void npu_logits_i32(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t* out,
                    unsigned rows);
void npu_logits_i32_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t* out,
                        unsigned rows);

}  // extern "C"

}  // namespace kernels
