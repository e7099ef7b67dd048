// SPDX-License-Identifier: LGPL-2.1-or-later
#include "numerics/exact.h"
#include "topk/topk.h"

namespace kernels {
namespace {

bool before(const Candidate& a, const Candidate& b) {
  if (a.token < 0 || b.token < 0) return a.token >= 0 && b.token < 0;
  return a.score != b.score ? a.score > b.score : a.token < b.token;
}

}  // namespace

// Selection among old candidates and all columns, kTopK times.
void npu_topk_i32_ref(const int32_t* sums, const int16_t* mult, unsigned shift, int32_t first_token,
                      uint64_t allowed, Candidate* best, unsigned rows) {
  constexpr unsigned kAll = kTopK + kTile;
  for (unsigned row = 0; row < rows; ++row) {
    Candidate all[kAll];
    for (unsigned i = 0; i < kTopK; ++i) all[i] = best[row * kTopK + i];
    for (unsigned column = 0; column < kTile; ++column) {
      const exact::Wide product = exact::Wide{sums[tile_index(row, column)]} * mult[column];
      const bool may = (allowed >> column) % 2 == 1;
      all[kTopK + column] = {exact::clamp_to<int32_t>(exact::nearest_even(product, shift)),
                             may ? first_token + static_cast<int32_t>(column) : -1};
    }
    for (unsigned rank = 0; rank < kTopK; ++rank) {
      unsigned first = 0;
      for (unsigned i = 1; i < kAll; ++i) {
        if (before(all[i], all[first])) first = i;
      }
      best[row * kTopK + rank] = all[first].token < 0 ? Candidate{0, -1} : all[first];
      all[first].token = -1;
    }
  }
}

}  // namespace kernels
