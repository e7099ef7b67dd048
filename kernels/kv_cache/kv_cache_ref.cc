// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kv_cache/kv_cache.h"

namespace kernels {

void npu_kv_rows_i8_ref(const int8_t* tile, int8_t* rows) {
  for (unsigned row = 0; row < 16; ++row) {
    for (unsigned i = 0; i < kTile; ++i) rows[row * kTile + i] = tile[tile_index(row, i)];
  }
}

void npu_transpose_k_i8_ref(const int8_t* k, int8_t* kt) {
  for (unsigned position = 0; position < kTile; ++position) {
    for (unsigned i = 0; i < kTile; ++i) kt[cache_index(i, position)] = k[cache_index(position, i)];
  }
}

}  // namespace kernels
