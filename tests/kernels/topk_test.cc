// SPDX-License-Identifier: LGPL-2.1-or-later
#include "topk/topk.h"

#include "kernel_test.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class TopK : public KernelTest {};

void expect_equal(const std::vector<Candidate>& got, const std::vector<Candidate>& want) {
  for (size_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(got[i].token, want[i].token) << "row " << i / kTopK << " rank " << i % kTopK;
    if (want[i].token < 0) continue;
    ASSERT_EQ(got[i].score, want[i].score) << "rank " << i % kTopK;
  }
}

TEST_F(TopK, RandomTilesEqualTheReference) {
  Tiles tiles(71);
  for (int round = 0; round < kRounds / 4; ++round) {
    std::vector<Candidate> best(kGroupRows * kTopK), want;
    npu_topk_start(best.data());
    want = best;
    // Few values give ties; great shifts give few values; great factors saturate 32 bits.
    const int32_t most = round % 3 == 0 ? 3 : round % 3 == 1 ? 1 << 24 : 0x7fffffff;
    const unsigned shift = round % 3 == 0 ? 0 : tiles.number(0u, 40u);
    const unsigned rows = tiles.number(1u, kGroupRows);
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, round % 3 == 0 ? 2 : 32767));
    for (int tile = 0; tile < 4; ++tile) {
      TileBuffer<int32_t> sums(tiles.tile<int32_t>(kGroupRows * kTile, -most, most));
      const uint64_t masks[] = {
          ~uint64_t{0}, 0, 1, uint64_t{1} << 63,
          static_cast<uint64_t>(tiles.number<int64_t>(0, int64_t{1} << 62)) * 3};
      const uint64_t allowed = masks[tiles.number(0, 1) ? 0 : tiles.number(0, 4)];
      npu_topk_i32(sums.data(), mult.data(), shift, tile * 64, allowed, best.data(), rows);
      npu_topk_i32_ref(sums.data(), mult.data(), shift, tile * 64, allowed, want.data(), rows);
      ASSERT_NO_FATAL_FAILURE(expect_equal(best, want)) << "round " << round << " tile " << tile;
    }
  }
}

TEST_F(TopK, OfEqualScoresTheSmallerTokensStay) {
  std::vector<Candidate> best(kGroupRows * kTopK);
  npu_topk_start(best.data());
  TileBuffer<int32_t> sums(std::vector<int32_t>(kGroupRows * kTile, 7));
  TileBuffer<int16_t> mult(std::vector<int16_t>(kTile, 1));
  for (int tile = 0; tile < 3; ++tile) {
    npu_topk_i32(sums.data(), mult.data(), 0, tile * 64, ~uint64_t{0}, best.data(), kGroupRows);
  }
  for (unsigned i = 0; i < best.size(); ++i) EXPECT_EQ(best[i].token, static_cast<int>(i % kTopK));
}

}  // namespace
