// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kv_cache/kv_cache.h"

#include "kernel_test.h"
#include "matmul/matmul.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class KvCache : public KernelTest {};

TEST_F(KvCache, RowsAndTransposesEqualTheReference) {
  Tiles tiles(61);
  for (int round = 0; round < kRounds; ++round) {
    TileBuffer<int8_t> tile(tiles.tile<int8_t>(16 * kTile)), rows(16 * kTile);
    std::vector<int8_t> want(16 * kTile);
    npu_kv_rows_i8(tile.data(), rows.data());
    npu_kv_rows_i8_ref(tile.data(), want.data());
    ASSERT_EQ(rows.values(), want) << "round " << round;

    TileBuffer<int8_t> k(tiles.tile<int8_t>(kTileElements)), kt(kTileElements);
    want.resize(kTileElements);
    npu_transpose_k_i8(k.data(), kt.data());
    npu_transpose_k_i8_ref(k.data(), want.data());
    ASSERT_EQ(kt.values(), want) << "round " << round;
  }
}

// Keys appended one by one and turned are what the product's own K^T epilogue stores.
TEST_F(KvCache, AppendedRowsTurnedAreTheTransposedEpilogue) {
  Tiles tiles(62);
  TileBuffer<int32_t> sums(tiles.tile<int32_t>(kTileElements, -100000, 100000));
  TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 1, 32767));
  TileBuffer<int8_t> whole(kTileElements), kt(kTileElements), cache(kTileElements);
  npu_requantise_kt_i8(sums.data(), mult.data(), 24, whole.data(), 4);
  std::vector<int8_t> block(kTileElements);
  for (unsigned group = 0; group < 4; ++group) {
    TileBuffer<int8_t> tile(16 * kTile), rows(16 * kTile);
    npu_requantise_i8(sums.data() + tile_index(group * 16, 0), mult.data(), 24, tile.data(), 1);
    npu_kv_rows_i8(tile.data(), rows.data());
    for (unsigned row = 0; row < 16; ++row) {
      for (unsigned piece = 0; piece < kTile / kCachePiece; ++piece) {
        std::copy_n(rows.data() + row * kTile + piece * kCachePiece, kCachePiece,
                    block.begin() +
                        static_cast<ptrdiff_t>(cache_index(group * 16 + row, piece * kCachePiece)));
      }
    }
  }
  cache.set(block);
  npu_transpose_k_i8(cache.data(), kt.data());
  EXPECT_EQ(kt.values(), whole.values());
}

}  // namespace
