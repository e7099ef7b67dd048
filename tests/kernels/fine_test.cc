// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fine/fine.h"

#include <algorithm>
#include <cstdlib>

#include "kernel_test.h"
#include "numerics/exact.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class Fine : public KernelTest {};

TEST(FinePlanes, EveryValueComesBackFromItsPlanes) {
  for (int value = -32768; value <= 32767; ++value) {
    const FinePlanes planes = split_fine(value);
    int8_t high = 0, low = 0;
    exact::split_fine(value, high, low);
    ASSERT_EQ(planes.high, high) << value;
    ASSERT_EQ(planes.low, low) << value;
    ASSERT_EQ(join_fine(planes), std::min(2039, std::max(-2048, value)));
    ASSERT_LE(std::abs(planes.low), 8);
  }
}

TEST_F(Fine, EveryValueSplitsAndPacksAsTheReference) {
  for (int begin = -32768; begin < 32768; begin += static_cast<int>(kTileElements)) {
    std::vector<int16_t> inputs(kTileElements);
    for (unsigned i = 0; i < kTileElements; ++i) inputs[i] = static_cast<int16_t>(begin + int(i));
    TileBuffer<int16_t> values(inputs);
    TileBuffer<int8_t> high(kTileElements), low(kTileElements), packed(kTileElements);
    std::vector<int8_t> want_high(kTileElements), want_low(kTileElements), want(kTileElements);
    npu_fine_split_i16(values.data(), high.data(), low.data(), 4);
    npu_fine_split_i16_ref(inputs.data(), want_high.data(), want_low.data(), 4);
    EXPECT_EQ(high.values(), want_high);
    EXPECT_EQ(low.values(), want_low);
    npu_pack_i8(values.data(), packed.data(), 4);
    npu_pack_i8_ref(inputs.data(), want.data(), 4);
    EXPECT_EQ(packed.values(), want);
  }
}

TEST_F(Fine, RandomTilesSplitAndPackInPlaceAsTheReference) {
  Tiles tiles(81);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = round % 16 == 0 ? tiles.number(2u, 4u) : 1u;
    const size_t count = size_t{groups} * kGroupRows * kTile;
    const int16_t most = round % 2 ? int16_t{32767} : int16_t{2100};
    const std::vector<int16_t> inputs =
        tiles.tile<int16_t>(count, static_cast<int16_t>(-most - 1), most);
    TileBuffer<int16_t> values(inputs);
    TileBuffer<int8_t> high(count);
    std::vector<int8_t> want_high(count), want_low(count);
    int8_t* bytes = reinterpret_cast<int8_t*>(values.data());
    npu_fine_split_i16(values.data(), high.data(), bytes, groups);
    npu_fine_split_i16_ref(inputs.data(), want_high.data(), want_low.data(), groups);
    ASSERT_EQ(high.values(), want_high) << "round " << round;
    ASSERT_EQ(std::vector<int8_t>(bytes, bytes + count), want_low) << "round " << round;
    values.set(inputs);
    npu_pack_i8(values.data(), bytes, groups);
    npu_pack_i8_ref(inputs.data(), want_high.data(), groups);
    ASSERT_EQ(std::vector<int8_t>(bytes, bytes + count), want_high) << "round " << round;
  }
}

TEST_F(Fine, ShiftedSumsEqualTheReference) {
  Tiles tiles(82);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = round % 16 == 0 ? tiles.number(2u, 4u) : 1u;
    std::vector<int32_t> want = tiles.tile<int32_t>(kTileElements);  // they wrap alike
    TileBuffer<int32_t> sums(want), bias(tiles.tile<int32_t>(kTile));
    npu_matmul_shift_i32(sums.data(), bias.data(), groups);
    npu_matmul_shift_i32_ref(want.data(), bias.data(), groups);
    ASSERT_EQ(sums.values(), want) << "round " << round;
    npu_matmul_clear_i32(sums.data(), groups);
    npu_matmul_clear_i32_ref(want.data(), groups);
    ASSERT_EQ(sums.values(), want) << "round " << round;
  }
}

// Both passes over the weights, as a core does them: the product of the values themselves.
void expect_product(Tiles& tiles, unsigned objects, int16_t least, int16_t most) {
  TileBuffer<int32_t> sums(kTileElements);
  TileBuffer<int32_t> bias(tiles.tile<int32_t>(kTile, -(1 << 29) + 1, (1 << 29) - 1));
  std::vector<int64_t> want(kGroupRows * kTile);
  std::vector<std::vector<int8_t>> high, low, weights;
  for (unsigned object = 0; object < objects; ++object) {
    const std::vector<int16_t> values = least == most
                                            ? std::vector<int16_t>(kObjectBytes, most)
                                            : tiles.tile<int16_t>(kObjectBytes, least, most);
    weights.push_back(tiles.tile<int8_t>(kObjectBytes));
    high.emplace_back(kObjectBytes), low.emplace_back(kObjectBytes);
    for (size_t i = 0; i < kObjectBytes; ++i) {
      const FinePlanes planes = split_fine(values[i]);
      high.back()[i] = planes.high, low.back()[i] = planes.low;
    }
    for (unsigned row = 0; row < kGroupRows; ++row) {
      for (unsigned k = 0; k < kObjectK; ++k) {
        for (unsigned column = 0; column < kTile; ++column) {
          want[tile_index(row, column)] +=
              int64_t{values[a_object_index(row, k)]} * weights.back()[b_object_index(k, column)];
        }
      }
    }
  }
  npu_matmul_clear_i32(sums.data(), 1);
  for (unsigned plane = 0; plane < 2; ++plane) {
    if (plane == 1) npu_matmul_shift_i32(sums.data(), bias.data(), 1);
    for (unsigned object = 0; object < objects; ++object) {
      TileBuffer<int8_t> a(plane == 0 ? high[object] : low[object]), b(weights[object]);
      npu_matmul_i8(a.data(), b.data(), sums.data(), 1);
    }
  }
  for (unsigned row = 0; row < kGroupRows; ++row) {
    for (unsigned column = 0; column < kTile; ++column) {
      const size_t at = tile_index(row, column);
      ASSERT_EQ(sums.data()[at], want[at] + bias.data()[column]) << row << " " << column;
    }
  }
}

TEST_F(Fine, ProductOfBothPlanesIsThatOfTheValues) {
  Tiles tiles(83);
  for (int round = 0; round < 200; ++round) {
    ASSERT_NO_FATAL_FAILURE(expect_product(tiles, 1 + tiles.number(0u, 1u), -2048, 2039));
  }
}

TEST_F(Fine, LongestProductOfExtremesIsExact) {
  Tiles tiles(84);
  for (const int16_t end : {kFineLeast, kFineMost}) {
    ASSERT_NO_FATAL_FAILURE(expect_product(tiles, 5120 / kObjectK, end, end));
  }
}

}  // namespace
