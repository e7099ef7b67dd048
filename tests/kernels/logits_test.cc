// SPDX-License-Identifier: LGPL-2.1-or-later
#include "logits/logits.h"

#include "kernel_test.h"
#include "topk/topk.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class Logits : public KernelTest {};

TEST_F(Logits, RandomTilesEqualTheReference) {
  Tiles tiles(73);
  for (int round = 0; round < kRounds; ++round) {
    // Ties of small sums; great factors saturate 32 bits.
    const int32_t most = round % 3 == 0 ? 3 : round % 3 == 1 ? 1 << 24 : 0x7fffffff;
    const unsigned shift = tiles.number(0u, 47u), rows = tiles.number(1u, kGroupRows);
    TileBuffer<int32_t> sums(tiles.tile<int32_t>(kGroupRows * kTile, -most, most));
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, 32767));
    TileBuffer<int32_t> out(logits_bytes(rows) / sizeof(int32_t));
    std::vector<int32_t> want(kGroupRows * kTile);
    npu_logits_i32(sums.data(), mult.data(), shift, out.data(), rows);
    npu_logits_i32_ref(sums.data(), mult.data(), shift, want.data(), rows);
    for (unsigned row = 0; row < rows; ++row)
      for (unsigned column = 0; column < kTile; ++column)
        ASSERT_EQ(out.data()[tile_index(row, column)], want[tile_index(row, column)])
            << "round " << round << " row " << row << " column " << column;
  }
}

// A host that finds the best in the logits finds what a core would have kept.
TEST_F(Logits, AreTheScoresOfTheBest) {
  Tiles tiles(74);
  TileBuffer<int32_t> sums(tiles.tile<int32_t>(kGroupRows * kTile, -1000000, 1000000));
  TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 1, 32767));
  TileBuffer<int32_t> out(kGroupRows * kTile);
  std::vector<Candidate> best(kGroupRows * kTopK);
  npu_logits_i32(sums.data(), mult.data(), 12, out.data(), kGroupRows);
  npu_topk_start(best.data());
  npu_topk_i32(sums.data(), mult.data(), 12, 0, ~uint64_t{0}, best.data(), kGroupRows);
  for (unsigned i = 0; i < best.size(); ++i)
    EXPECT_EQ(best[i].score,
              out.data()[tile_index(i / kTopK, static_cast<unsigned>(best[i].token))]);
}

}  // namespace
