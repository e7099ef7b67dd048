// SPDX-License-Identifier: LGPL-2.1-or-later
#include "matmul/matmul.h"

#include "kernel_test.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class Matmul : public KernelTest {};

// Most tiles are of decode steps: their rows cost a fourth.
unsigned row_groups_of(int round, Tiles& tiles) {
  return round % 16 == 0 ? tiles.number(2u, 4u) : 1u;
}

size_t elements_of(unsigned row_groups) {
  return size_t{row_groups} * kGroupRows * kTile;
}

TEST_F(Matmul, RandomAndExtremeTilesEqualTheReference) {
  Tiles tiles(1);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round, tiles);
    TileBuffer<int8_t> a(tiles.tile<int8_t>(kObjectBytes)), b(tiles.tile<int8_t>(kObjectBytes));
    TileBuffer<int32_t> bias(tiles.tile<int32_t>(kTile));  // all of 32 bits: sums wrap alike
    TileBuffer<int32_t> sums(elements_of(groups));
    std::vector<int32_t> want(elements_of(groups));

    npu_matmul_start_i32(bias.data(), sums.data(), groups);
    npu_matmul_i8(a.data(), b.data(), sums.data(), groups);
    npu_matmul_start_i32_ref(bias.data(), want.data(), groups);
    npu_matmul_i8_ref(a.data(), b.data(), want.data(), groups);
    ASSERT_EQ(sums.values(), want) << "round " << round;
  }
}

TEST_F(Matmul, LongestSumOfExtremesIsExact) {
  TileBuffer<int8_t> a(std::vector<int8_t>(kObjectBytes, -128));
  TileBuffer<int8_t> b(std::vector<int8_t>(kObjectBytes, -128));
  TileBuffer<int32_t> bias(std::vector<int32_t>(kTile, 1 << 30)), sums(kTileElements);
  npu_matmul_start_i32(bias.data(), sums.data(), 4);
  for (int object = 0; object < 5120 / 128; ++object) {
    npu_matmul_i8(a.data(), b.data(), sums.data(), 4);
  }
  const int64_t want = (int64_t{1} << 30) + 5120 * 16384;
  ASSERT_LT(want, int64_t{1} << 31);
  EXPECT_EQ(sums.values(), std::vector<int32_t>(kTileElements, static_cast<int32_t>(want)));
}

// One element of A and of B is set; the product says where the kernel looks for it.
TEST_F(Matmul, EachElementOfAnObjectHasItsPlace) {
  Tiles tiles(2);
  for (int round = 0; round < 500; ++round) {
    const unsigned row = tiles.number(0u, 63u), k = tiles.number(0u, 127u),
                   column = tiles.number(0u, 63u);
    std::vector<int8_t> left(kObjectBytes), right(kObjectBytes);
    left[a_object_index(row, k)] = 3;
    right[b_object_index(k, column)] = -5;
    TileBuffer<int8_t> a(left), b(right);
    TileBuffer<int32_t> sums(std::vector<int32_t>(kTileElements, 0));
    npu_matmul_i8(a.data(), b.data(), sums.data(), 4);
    std::vector<int32_t> want(kTileElements, 0);
    want[tile_index(row, column)] = -15;
    ASSERT_EQ(sums.values(), want) << "row " << row << " k " << k << " column " << column;
  }
}

template <typename T>
using Epilogue = void (*)(const int32_t*, const int16_t*, unsigned, T*, unsigned);

// V and K^T forms write pairs of row blocks into whole tiles; the plain forms as many rows as
// asked.
template <typename T>
void expect_equal_epilogues(Epilogue<T> kernel, Epilogue<T> reference, uint32_t seed, bool moved) {
  Tiles tiles(seed);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round, tiles);
    const size_t out_count = moved ? kTileElements : elements_of(groups);
    // Whole range at shifts that reach the ends, and sums of products as they come.
    const int32_t most = round % 2 ? std::numeric_limits<int32_t>::max() : 1 << 20;
    TileBuffer<int32_t> sums(tiles.tile<int32_t>(elements_of(groups), -most - 1, most));
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, 32767));
    const unsigned shift = tiles.number(0u, kMaxRequantiseShift);
    const std::vector<T> before(out_count, T{99});
    TileBuffer<T> out(before);
    std::vector<T> want = before;
    kernel(sums.data(), mult.data(), shift, out.data(), groups);
    reference(sums.data(), mult.data(), shift, want.data(), groups);
    ASSERT_EQ(out.values(), want) << "round " << round << " shift " << shift;
    if (moved) continue;
    T* in_place = reinterpret_cast<T*>(sums.data());
    kernel(sums.data(), mult.data(), shift, in_place, groups);
    ASSERT_EQ(std::vector<T>(in_place, in_place + out_count), want) << "in place, round " << round;
  }
}

TEST_F(Matmul, RequantisedToInt8EqualsTheReference) {
  expect_equal_epilogues<int8_t>(npu_requantise_i8, npu_requantise_i8_ref, 3, false);
}
TEST_F(Matmul, RequantisedToInt16EqualsTheReference) {
  expect_equal_epilogues<int16_t>(npu_requantise_i16, npu_requantise_i16_ref, 4, false);
}
TEST_F(Matmul, RequantisedToVEqualsTheReference) {
  expect_equal_epilogues<int8_t>(npu_requantise_v_i8, npu_requantise_v_i8_ref, 5, true);
}
TEST_F(Matmul, RequantisedToTransposedKEqualsTheReference) {
  expect_equal_epilogues<int8_t>(npu_requantise_kt_i8, npu_requantise_kt_i8_ref, 6, true);
}

TEST_F(Matmul, TiesGoToTheEvenNeighbourWhateverTheCoreWasLeftWith) {
  std::vector<int32_t> halves(elements_of(1));
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<int32_t>(i % 21) - 10;
  TileBuffer<int32_t> sums(halves);
  TileBuffer<int16_t> mult(std::vector<int16_t>(kTile, 1 << 14));
  TileBuffer<int8_t> out(elements_of(1));
  npu_requantise_i8(sums.data(), mult.data(), 15, out.data(), 1);
  const std::vector<int8_t> got = out.values();
  for (size_t i = 0; i < halves.size(); ++i) {
    const int half = halves[i];
    const int want = half % 2 == 0             ? half / 2
                     : (half - 1) / 2 % 2 == 0 ? (half - 1) / 2
                                               : (half + 1) / 2;
    ASSERT_EQ(got[i], want) << "half of " << half;
  }
}

TEST_F(Matmul, RowsBeyondTheGroupsAreNotTouched) {
  Tiles tiles(7);
  TileBuffer<int8_t> a(tiles.tile<int8_t>(kObjectBytes)), b(tiles.tile<int8_t>(kObjectBytes));
  const std::vector<int32_t> before(kTileElements, 12345);
  TileBuffer<int32_t> sums(before);
  npu_matmul_i8(a.data(), b.data(), sums.data(), 2);
  const std::vector<int32_t> after = sums.values();
  for (size_t i = elements_of(2); i < kTileElements; ++i) ASSERT_EQ(after[i], 12345);
}

TEST(Factor, IsNormalisedAndNear) {
  for (const double factor : {1.0, 0.5, 0.1, 3e-7, 0.999999, 1234.5, 1.0 / 3, 2.44140625e-4}) {
    const Factor made = make_factor(factor);
    EXPECT_GE(made.mult, 1 << 14) << factor;
    const double value = made.mult / static_cast<double>(uint64_t{1} << made.shift);
    EXPECT_LE(factor * (1 - 1.0 / 32768), value);
    EXPECT_LE(value, factor * (1 + 1.0 / 32768));
  }
}

}  // namespace
