// SPDX-License-Identifier: LGPL-2.1-or-later
#include "layer_norm/layer_norm.h"

#include <cmath>

#include "kernel_test.h"
#include "numerics/exact.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class LayerNorm : public KernelTest {};

struct Parameters {
  unsigned d;
  int64_t epsilon;
  std::vector<int16_t> gamma;
  std::vector<int32_t> beta;
  unsigned out_shift;
};

struct Normalised {
  std::vector<int8_t> bytes, high, low;
  std::vector<int16_t> wide;
};

// As a core does it: the row's tiles twice through one buffer.
Normalised run(const std::vector<int16_t>& tiles, const Parameters& p, unsigned groups) {
  const size_t rows = size_t{groups} * kGroupRows;
  TileBuffer<int32_t> sums(groups * kGroupRows / kBlockRows * 3 * kBlock);
  TileBuffer<int16_t> tile(kTileElements);
  for (unsigned i = 0; i < p.d / kTile; ++i) {
    tile.set(std::span(tiles).subspan(i * kTileElements, kTileElements));
    npu_layer_norm_sums(tile.data(), sums.data(), i == 0, groups);
  }
  std::vector<NormRow> scales(rows);
  npu_layer_norm_rows(sums.data(), p.d, p.epsilon, scales.data(), groups);
  const size_t all = tiles.size();
  Normalised out{std::vector<int8_t>(all), std::vector<int8_t>(all), std::vector<int8_t>(all),
                 std::vector<int16_t>(all)};
  for (unsigned i = 0; i < p.d / kTile; ++i) {
    tile.set(std::span(tiles).subspan(i * kTileElements, kTileElements));
    TileBuffer<int16_t> gamma(std::span(p.gamma).subspan(i * kTile, kTile)), wide(rows * kTile);
    TileBuffer<int32_t> beta(std::span(p.beta).subspan(i * kTile, kTile));
    TileBuffer<int8_t> part(rows * kTile), high(rows * kTile);
    const auto keep = [&](const auto& values, auto& into) {
      std::copy_n(values.begin(), rows * kTile, into.begin() + i * kTileElements);
    };
    npu_layer_norm_i8(tile.data(), scales.data(), p.d, gamma.data(), beta.data(), p.out_shift,
                      part.data(), groups);
    keep(part.values(), out.bytes);
    npu_layer_norm_i16(tile.data(), scales.data(), p.d, gamma.data(), beta.data(), p.out_shift,
                       wide.data(), groups);
    keep(wide.values(), out.wide);
    int8_t* low = reinterpret_cast<int8_t*>(wide.data());
    npu_layer_norm_fine_i8(tile.data(), scales.data(), p.d, gamma.data(), beta.data(), p.out_shift,
                           wide.data(), high.data(), low, groups);
    keep(high.values(), out.high);
    keep(std::span(low, rows * kTile), out.low);
  }
  return out;
}

void expect_equal(const std::vector<int16_t>& rows, const Parameters& p, unsigned groups) {
  const Normalised got = run(rows, p, groups);
  std::vector<int8_t> want(rows.size()), want_low(rows.size());
  std::vector<int16_t> wide(rows.size());
  npu_layer_norm_i8_ref(rows.data(), p.d, p.epsilon, p.gamma.data(), p.beta.data(), p.out_shift,
                        want.data(), groups);
  ASSERT_EQ(got.bytes, want);
  npu_layer_norm_i16_ref(rows.data(), p.d, p.epsilon, p.gamma.data(), p.beta.data(), p.out_shift,
                         wide.data(), groups);
  ASSERT_EQ(got.wide, wide);
  npu_layer_norm_fine_i8_ref(rows.data(), p.d, p.epsilon, p.gamma.data(), p.beta.data(),
                             p.out_shift, want.data(), want_low.data(), groups);
  ASSERT_EQ(got.high, want);
  ASSERT_EQ(got.low, want_low);
}

Parameters random_parameters(Tiles& tiles, unsigned d) {
  return {d, tiles.number<int64_t>(1, tiles.number(0, 1) ? 1 : int64_t{1} << 40),
          tiles.tile<int16_t>(d), tiles.tile<int32_t>(d, -(1 << 30) + 1, (1 << 30) - 1),
          tiles.number(0u, 30u)};
}

// Rows of different kinds in one tile: constant, tiny, one outlier, noise, ends of the range.
std::vector<int16_t> random_rows(Tiles& tiles, unsigned d) {
  std::vector<int16_t> values = tiles.tile<int16_t>(size_t{d} * kTile);
  for (unsigned row = 0; row < kTile; ++row) {
    const unsigned kind = tiles.number(0u, 5u);
    const int16_t level = tiles.number<int16_t>(-32768, 32767);
    const int16_t spread = static_cast<int16_t>(1 << tiles.number(0, 14));
    const unsigned outlier = tiles.number(0u, d - 1);
    for (unsigned column = 0; column < d && kind < 4; ++column) {
      int16_t& x = values[column / kTile * kTileElements + tile_index(row, column % kTile)];
      if (kind == 0) x = level;
      if (kind == 1) x = column == outlier ? level : int16_t{0};
      if (kind == 2) x = tiles.number<int16_t>(static_cast<int16_t>(-spread), spread);
      if (kind == 3) x = column % 2 ? int16_t{32767} : int16_t{-32768};
    }
  }
  return values;
}

TEST_F(LayerNorm, RandomAndExtremeRowsEqualTheReference) {
  Tiles tiles(41);
  for (int round = 0; round < kRounds; ++round) {
    const bool wide = round % 64 == 0;  // all widths of Whisper; else short rows
    const unsigned d = wide ? kTile * tiles.number(1u, 20u) : kTile * tiles.number(1u, 2u);
    const unsigned groups = wide ? tiles.number(1u, 4u) : 1u;
    const Parameters p = random_parameters(tiles, d);
    const std::vector<int16_t> rows = random_rows(tiles, d);
    ASSERT_NO_FATAL_FAILURE(expect_equal(rows, p, groups)) << "round " << round << " d " << d;
  }
}

// The longest sums, of the greatest squares.
TEST_F(LayerNorm, ExtremesOfTheWidestRowsEqualTheReference) {
  for (const int second : {-32768, 32767, 0}) {
    Parameters p{kMaxWidth, 1, std::vector<int16_t>(kMaxWidth, 32767),
                 std::vector<int32_t>(kMaxWidth, (1 << 30) - 1), 24};
    std::vector<int16_t> rows(size_t{kMaxWidth} * kTile, -32768);
    for (size_t i = 0; i < rows.size(); i += 2) rows[i] = static_cast<int16_t>(second);
    ASSERT_NO_FATAL_FAILURE(expect_equal(rows, p, 4));
  }
}

// Against layer norm in double: the factor is within 2^-14 of 1 / deviation from below, n is
// rounded to 9 fraction bits, the result to integers.
TEST_F(LayerNorm, IsWithinItsBoundOfDouble) {
  Tiles tiles(42);
  for (int round = 0; round < 100; ++round) {
    const unsigned d = 512;
    std::vector<int16_t> rows(size_t{d} * kTile);
    for (int16_t& x : rows) x = tiles.number<int16_t>(-900, 1100);
    const double gain = 40;  // int8 units per deviation
    Parameters p{d, 1, std::vector<int16_t>(d, static_cast<int16_t>(gain * 512)),
                 std::vector<int32_t>(d, 5 << 18), 18};
    const std::vector<int8_t> got = run(rows, p, 4).bytes;
    for (unsigned row = 0; row < kTile; ++row) {
      double sum = 0, squares = 0;
      const auto at = [&](unsigned c) {
        return c / kTile * kTileElements + tile_index(row, c % kTile);
      };
      for (unsigned c = 0; c < d; ++c)
        sum += rows[at(c)], squares += double(rows[at(c)]) * rows[at(c)];
      const double mean = sum / d, deviation = std::sqrt(squares / d - mean * mean);
      for (unsigned c = 0; c < d; ++c) {
        const double n = (rows[at(c)] - mean) / deviation;
        const double want = std::min(127.0, std::max(-128.0, n * gain + 5));
        const double bound = gain * (std::abs(n) / 16000 + 0.51 / 512) + 0.5;
        ASSERT_LE(want - bound, got[at(c)]);
        ASSERT_LE(got[at(c)], want + bound);
      }
    }
  }
}

TEST(RsqrtMantissa, IsTheGreatestWhoseSquareFits) {
  Tiles tiles(43);
  const auto check = [](uint32_t m) {
    const exact::Wide r = rsqrt_mantissa(m);
    ASSERT_LE(r * r * m, exact::Wide{1} << 60) << m;
    ASSERT_TRUE(r == 32767 || (r + 1) * (r + 1) * m > exact::Wide{1} << 60) << m;
  };
  for (uint32_t near = 0; near < 70000; ++near) {
    check((uint32_t{1} << 30) + near);
    check(0xFFFFFFFFu - near);
  }
  for (int round = 0; round < 1000000; ++round) check(tiles.number(uint32_t{1} << 30, 0xFFFFFFFFu));
}

TEST(Rsqrt, IsNearForAllWidths) {
  for (int bit = 0; bit < 62; ++bit) {
    for (const uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) * 2 - 1}) {
      const Rsqrt made = rsqrt(value);
      const double want = 1 / std::sqrt(static_cast<double>(value));
      const double got = std::ldexp(made.mult, -made.shift);
      EXPECT_LE(got, want * (1 + 1e-9)) << value;
      EXPECT_LE(want * (1 - 1.0 / 16384), got) << value;
    }
  }
}

}  // namespace
