// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source. A vector that holds nothing better than the last candidate, most often so, costs a
// maximum.
#include "topk/topk.h"

#include "layout/core_modes.h"

namespace kernels {
namespace {

// Puts a score into a row's descending list. It comes behind its equals, which are of smaller
// tokens.
void take(Candidate* best, int32_t score, int32_t token) {
  unsigned at = kTopK - 1;
  if (best[at].token >= 0 && score <= best[at].score) return;
  while (at > 0 && (best[at - 1].token < 0 || score > best[at - 1].score)) {
    best[at] = best[at - 1];
    --at;
  }
  best[at] = {score, token};
}

}  // namespace

void npu_topk_start(Candidate* best) {
  for (unsigned i = 0; i < kGroupRows * kTopK; ++i) best[i] = {0, -1};
}

void npu_topk_i32(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t first_token,
                  uint64_t allowed, Candidate* best, unsigned rows) {
  set_core_modes();
  for (unsigned cb = 0; cb < kTile / kBlockColumns; ++cb) {
    const auto factors = aie::load_v<8>(mult + cb * kBlockColumns);
    for (unsigned row = 0; row < rows; ++row) {
      const auto values = aie::load_v<8>(sums + tile_index(row, cb * kBlockColumns));
      const auto scores = aie::mul(values, factors).to_vector<int32>(shift);
      Candidate* list = best + row * kTopK;
      const Candidate& last = list[kTopK - 1];
      if (last.token >= 0 && aie::reduce_max(scores) <= last.score) continue;
      for (unsigned i = 0; i < kBlockColumns; ++i) {
        const unsigned column = cb * kBlockColumns + i;
        if ((allowed >> column & 1) == 0) continue;
        take(list, scores.get(i), first_token + static_cast<int32_t>(column));
      }
    }
  }
}

}  // namespace kernels
