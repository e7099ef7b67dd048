// SPDX-License-Identifier: LGPL-2.1-or-later
// AIE2 source.
#include "kv_cache/kv_cache.h"

#include "layout/core_modes.h"

namespace kernels {
namespace {

constexpr unsigned kBlocks = kTile / 8;

}  // namespace

void npu_kv_rows_i8(const int8_t* tile, int8_t* rows) {
  for (unsigned rb = 0; rb < 16 / kBlockRows; ++rb) {
    int8_t* to = rows + rb * kBlockRows * kTile;
    for (unsigned cb = 0; cb < kBlocks; cb += 4) {
      // Pieces of 8 bytes, then pairs of them, of four blocks side by side.
      const int8_t* from = tile + (rb * kBlocks + cb) * kBlock;
      const auto [low01, high01] =
          aie::interleave_zip(aie::load_v<kBlock>(from), aie::load_v<kBlock>(from + kBlock), 8);
      const auto [low23, high23] = aie::interleave_zip(aie::load_v<kBlock>(from + 2 * kBlock),
                                                       aie::load_v<kBlock>(from + 3 * kBlock), 8);
      const auto [row0, row1] = aie::interleave_zip(low01, low23, 16);
      const auto [row2, row3] = aie::interleave_zip(high01, high23, 16);
      aie::store_v(to + cb * 8, row0);
      aie::store_v(to + kTile + cb * 8, row1);
      aie::store_v(to + 2 * kTile + cb * 8, row2);
      aie::store_v(to + 3 * kTile + cb * 8, row3);
    }
  }
}

void npu_transpose_k_i8(const int8_t* k, int8_t* kt) {
  for (unsigned pb = 0; pb < kBlocks; ++pb) {
    for (unsigned db = 0; db < kBlocks; ++db) {
      const auto block = aie::load_v<64>(k + (pb * kBlocks + db) * 64);
      aie::store_v(kt + (db * kBlocks + pb) * 64, aie::transpose(block, 8, 8));
    }
  }
}

}  // namespace kernels
