// SPDX-License-Identifier: LGPL-2.1-or-later
// Greatest scores of a vocabulary projection, kept on the core: 64 tokens (an N tile) at a time.
//
// A score is requantise of the tile's sum without clamping to 16 bits: round(sum * mult * 2^-shift)
// in 32 bits, nearest, ties to even, saturating. Greater scores come first, of equal ones the
// smaller token. Exactly the kTopK best of all tokens offered and allowed are kept, for each of up
// to 16 rows.
#pragma once

#include <cstdint>

#include "layout/tile.h"
#include "matmul/matmul.h"

namespace kernels {

inline constexpr unsigned kTopK = 8;

struct Candidate {
  int32_t score;
  int32_t token;  // -1: none yet
};

static_assert(kGroupRows * kTopK * sizeof(Candidate) <= CoreMemory::kParameters - 512);
static_assert(kGroupRows * kTile * sizeof(int32_t) <= CoreMemory::kScratch);

extern "C" {

// best[16][kTopK]: none.
void npu_topk_start(Candidate* best);

// sums: 16 x 64 of T64 (one group of npu_matmul_i8). Column c is token first_token + c; bit c of
// `allowed` says whether it may be chosen, in every row (masks, and columns past the vocabulary's
// end). Tokens come in ascending order over the calls. `rows` of the 16 are worked on. 32-byte
// aligned.
void npu_topk_i32(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t first_token,
                  uint64_t allowed, Candidate* best, unsigned rows);
void npu_topk_i32_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t first_token,
                      uint64_t allowed, Candidate* best, unsigned rows);

}  // extern "C"

}  // namespace kernels
