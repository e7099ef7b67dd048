// SPDX-License-Identifier: LGPL-2.1-or-later
#include "residual/residual.h"

#include "kernel_test.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class Residual : public KernelTest {};

TEST_F(Residual, RandomAndExtremeTilesEqualTheReference) {
  Tiles tiles(31);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = round % 16 == 0 ? 4 : 1;
    const size_t count = size_t{groups} * kGroupRows * kTile;
    TileBuffer<int32_t> sums(tiles.tile<int32_t>(count));
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, 32767));
    TileBuffer<int16_t> residual(tiles.tile<int16_t>(count)), out(count);
    const ResidualFactors factors{mult.data(), tiles.number(20u, kMaxRequantiseShift),
                                  round % 2 == 0 ? 0 : tiles.number(0u, 30u)};
    std::vector<int16_t> want(count);
    npu_residual_add_i16(sums.data(), &factors, residual.data(), out.data(), groups);
    npu_residual_add_i16_ref(sums.data(), &factors, residual.data(), want.data(), groups);
    ASSERT_EQ(out.values(), want) << "round " << round;
    npu_residual_add_i16(sums.data(), &factors, residual.data(), residual.data(), groups);
    ASSERT_EQ(residual.values(), want) << "in place, round " << round;
  }
}

TEST_F(Residual, TwoHalvesAreTheTile) {
  Tiles tiles(32);
  TileBuffer<int32_t> sums(tiles.tile<int32_t>(kTileElements, -100000, 100000));
  TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 1, 32767));
  TileBuffer<int16_t> residual(tiles.tile<int16_t>(kTileElements)), out(kTileElements);
  std::vector<int16_t> want(kTileElements);
  const ResidualFactors factors{mult.data(), 17, 2};
  npu_residual_add_i16_ref(sums.data(), &factors, residual.data(), want.data(), 4);
  for (const size_t begin : {size_t{0}, tile_index(32, 0)}) {
    npu_residual_add_i16(sums.data() + begin, &factors, residual.data() + begin, out.data() + begin,
                         2);
  }
  EXPECT_EQ(out.values(), want);
}

TEST_F(Residual, SumsOfRowsEqualTheReference) {
  Tiles tiles(33);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned count = 16 * tiles.number(1u, 32u);
    TileBuffer<int16_t> a(tiles.tile<int16_t>(count)), b(tiles.tile<int16_t>(count)), out(count);
    std::vector<int16_t> want(count);
    npu_add_i16(a.data(), b.data(), out.data(), count);
    npu_add_i16_ref(a.data(), b.data(), want.data(), count);
    ASSERT_EQ(out.values(), want) << "round " << round;
    npu_add_i16(a.data(), b.data(), b.data(), count);
    ASSERT_EQ(b.values(), want);
  }
}

}  // namespace
