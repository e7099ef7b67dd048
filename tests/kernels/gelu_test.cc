// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gelu/gelu.h"

#include <cmath>

#include "kernel_test.h"
#include "numerics/make_tables.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class Gelu : public KernelTest {};

std::vector<int16_t> laid_out(const LinearTable& table) {
  std::vector<int16_t> memory(kLinearTableElements);
  lay_out(table, memory.data());
  return memory;
}

// 16 bits, 12 bits in two planes and the residual stream; in the places where a core has them.
void expect_wider_forms(TileBuffer<int32_t>& sums, const GeluFactors& factors,
                        TileBuffer<int16_t>& table, Tiles& tiles, unsigned groups) {
  const std::vector<int32_t> start = sums.values();
  const size_t count = start.size();
  TileBuffer<int16_t> out(count), residual(tiles.tile<int16_t>(count));
  std::vector<int16_t> want(count);
  npu_gelu_i16(sums.data(), &factors, table.data(), out.data(), groups);
  npu_gelu_i16_ref(start.data(), &factors, table.data(), want.data(), groups);
  ASSERT_EQ(out.values(), want);

  TileBuffer<int8_t> high(count);
  std::vector<int8_t> want_high(count), want_low(count);
  int8_t* low = reinterpret_cast<int8_t*>(sums.data());
  npu_gelu_fine_i8(sums.data(), &factors, table.data(), high.data(), low, groups);
  npu_gelu_fine_i8_ref(start.data(), &factors, table.data(), want_high.data(), want_low.data(),
                       groups);
  ASSERT_EQ(high.values(), want_high);
  ASSERT_EQ(std::vector<int8_t>(low, low + count), want_low);

  sums.set(start);
  npu_gelu_add_i16_ref(start.data(), &factors, table.data(), residual.data(), want.data(), groups);
  npu_gelu_add_i16(sums.data(), &factors, table.data(), residual.data(), out.data(), groups);
  ASSERT_EQ(out.values(), want);
  sums.set(start);
  npu_gelu_add_i16(sums.data(), &factors, table.data(), residual.data(), residual.data(), groups);
  ASSERT_EQ(residual.values(), want) << "in place";
}

TEST_F(Gelu, RandomAndExtremeTilesEqualTheReference) {
  Tiles tiles(21);
  for (int round = 0; round < kRounds; ++round) {
    // Every other table is arbitrary: the kernel must not depend on what it holds.
    LinearTable lines = make_gelu_table(1.0 / 2048);
    if (round % 2) {
      for (int16_t& slope : lines.slope) slope = tiles.number<int16_t>(-32768, 32767);
      for (int16_t& offset : lines.offset) offset = tiles.number<int16_t>(-32768, 32767);
    }
    const unsigned groups = round % 16 == 0 ? 4 : 1;
    const size_t count = size_t{groups} * kGroupRows * kTile;
    TileBuffer<int16_t> table(laid_out(lines));
    TileBuffer<int32_t> sums(tiles.tile<int32_t>(count));
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, 32767)),
        out_mult(tiles.tile<int16_t>(kTile, 0, 32767));
    const GeluFactors factors{mult.data(), tiles.number(20u, 40u), out_mult.data(),
                              tiles.number(0u, 30u)};
    TileBuffer<int8_t> out(count);
    std::vector<int8_t> want(count);
    npu_gelu_i8(sums.data(), &factors, table.data(), out.data(), groups);
    npu_gelu_i8_ref(sums.data(), &factors, table.data(), want.data(), groups);
    ASSERT_EQ(out.values(), want) << "round " << round;
    ASSERT_NO_FATAL_FAILURE(expect_wider_forms(sums, factors, table, tiles, groups))
        << "round " << round;
  }
}

// Every input of 16 bits, against erf in double. A line is off by at most h^2 / 16 of the second
// derivative (0.8 at 0), h = 256 * scale; 1.5 units more for offset, slope and result.
TEST_F(Gelu, TableIsWithinItsBoundOfTheErfForm) {
  for (const double scale : {1.0 / 4096, 1.0 / 2048, 1.0 / 1024}) {
    const LinearTable table = make_gelu_table(scale);
    const double bound = 0.8 * std::pow(256 * scale, 2) / 16 + 1.5 * scale;
    for (int x = -32768; x <= 32767; ++x) {
      const double want = 0.5 * x * scale * std::erfc(-x * scale / std::sqrt(2.0));
      const double got = evaluate(table, static_cast<int16_t>(x)) * scale;
      ASSERT_LE(want - bound, got) << "x " << x;
      ASSERT_LE(got, want + bound) << "x " << x;
    }
  }
}

TEST_F(Gelu, InputsBeyondTheTableAreTheirOwnGelu) {
  TileBuffer<int16_t> table(laid_out(make_gelu_table(kGeluStep)));
  TileBuffer<int16_t> mult(std::vector<int16_t>(kTile, 1)),
      out_mult(std::vector<int16_t>(kTile, 1));
  const GeluFactors factors{mult.data(), 0, out_mult.data(), 12};
  std::vector<int32_t> inputs(kTileElements);
  for (unsigned i = 0; i < kTileElements; ++i) inputs[i] = static_cast<int>(i) * 4096 - (8 << 12);
  TileBuffer<int32_t> sums(inputs);
  TileBuffer<int16_t> out(kTileElements);
  npu_gelu_i16(sums.data(), &factors, table.data(), out.data(), 4);
  const std::vector<int16_t> got = out.values();
  for (unsigned i = 12; i < kTileElements; ++i) ASSERT_EQ(got[i], static_cast<int>(i) - 8);
  EXPECT_EQ(got[0], 0);
}

TEST_F(Gelu, EveryInputGoesThroughTheTableAsEvaluateSays) {
  const LinearTable lines = make_gelu_table(1.0 / 2048);
  TileBuffer<int16_t> table(laid_out(lines));
  TileBuffer<int16_t> mult(std::vector<int16_t>(kTile, 1)),
      out_mult(std::vector<int16_t>(kTile, 1));
  const GeluFactors factors{mult.data(), 0, out_mult.data(), 8};
  for (int begin = -32768; begin < 32768; begin += static_cast<int>(kTileElements)) {
    std::vector<int32_t> inputs(kTileElements);
    for (unsigned i = 0; i < kTileElements; ++i) inputs[i] = begin + static_cast<int>(i);
    TileBuffer<int32_t> sums(inputs);
    TileBuffer<int8_t> out(kTileElements);
    npu_gelu_i8(sums.data(), &factors, table.data(), out.data(), 4);
    const std::vector<int8_t> got = out.values();
    for (unsigned i = 0; i < kTileElements; ++i) {
      const int16_t y = evaluate(lines, static_cast<int16_t>(inputs[i]));
      ASSERT_EQ(got[i], round_shift<int8_t>(y, 8)) << "x " << inputs[i];
    }
  }
}

}  // namespace
