// SPDX-License-Identifier: LGPL-2.1-or-later
#include "log_mel/log_mel.h"

#include <cmath>

#include "kernel_test.h"
#include "numerics/make_log_mel.h"

namespace {

using namespace kernels;
using aie_host::TileBuffer;

class LogMel : public KernelTest {};

constexpr int32_t kMostSum = 1'518'500'249;  // its square is below 2^61

unsigned row_groups_of(int round) {
  return round % 64 == 0 ? 4 : 1;
}

size_t elements_of(unsigned row_groups) {
  return size_t{row_groups} * kGroupRows * kTile;
}

TEST_F(LogMel, TransformOfRandomAndExtremeTilesEqualsTheReference) {
  Tiles tiles(81);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round);
    TileBuffer<int16_t> samples(tiles.tile<int16_t>(elements_of(groups)));
    TileBuffer<int16_t> table(tiles.tile<int16_t>(kTileElements));
    const auto before = tiles.tile<int32_t>(elements_of(groups));  // sums wrap alike
    TileBuffer<int32_t> sums(before);
    std::vector<int32_t> want = before;
    const bool first = round % 4 == 0;
    if (first) sums.forget();
    npu_dft_i16(samples.data(), table.data(), sums.data(), first, groups);
    npu_dft_i16_ref(samples.data(), table.data(), want.data(), first, groups);
    ASSERT_EQ(sums.values(), want) << "round " << round;
  }
}

TEST_F(LogMel, PowerOfRandomAndExtremeTilesEqualsTheReference) {
  Tiles tiles(82);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round);
    std::vector<int32_t> want = tiles.tile<int32_t>(elements_of(groups), -kMostSum, kMostSum);
    TileBuffer<int32_t> sums(want);
    npu_power_i32(sums.data(), groups);
    npu_power_i32_ref(want.data(), groups);
    ASSERT_EQ(sums.values(), want) << "round " << round;
  }
}

// Both digits of the power in their whole range, and small ones alone, so that a logarithm meets
// every size from 0 to 2^83.
std::vector<int32_t> random_power(Tiles& tiles, size_t count) {
  const int32_t most = std::numeric_limits<int32_t>::max();
  const auto high = tiles.tile<int32_t>(count, 0, most >> tiles.number(0u, 31u));
  std::vector<int32_t> power = tiles.tile<int32_t>(count, 0, most >> tiles.number(0u, 31u));
  for (size_t i = 0; i < count; ++i) {
    if (i / kWideElements % 2 == 0) power[i] = high[i];
  }
  return power;
}

TEST_F(LogMel, LogarithmsOfRandomAndExtremeTilesEqualTheReference) {
  Tiles tiles(83);
  const std::vector<int32_t> table = make_log_table();
  constexpr int32_t kMostOffset = 1 << 29;
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round);
    TileBuffer<int32_t> power(random_power(tiles, elements_of(groups)));
    TileBuffer<int16_t> weights(
        tiles.tile<int16_t>(kWeightElements, 0, static_cast<int16_t>(round % 2 ? 32767 : 1)));
    const auto band_offset = tiles.tile<int32_t>(kTile, -kMostOffset, kMostOffset);
    const auto frame_offset = tiles.tile<int32_t>(kTile, -kMostOffset, kMostOffset);
    const LogMelParameters parameters{weights.data(), band_offset.data(), table.data(),
                                      8 * tiles.number(1u, round % 8 ? 2u : 8u)};
    const std::vector<int16_t> before(elements_of(groups), 99);
    TileBuffer<int16_t> out(before);
    std::vector<int16_t> want = before;
    const int16_t got =
        npu_log_mel_i16(power.data(), &parameters, frame_offset.data(), out.data(), groups);
    const int16_t greatest = npu_log_mel_i16_ref(power.values().data(), &parameters,
                                                 frame_offset.data(), want.data(), groups);
    ASSERT_EQ(out.values(), want) << "round " << round;
    ASSERT_EQ(got, greatest) << "round " << round;
  }
}

TEST_F(LogMel, NormalisedTilesEqualTheReference) {
  Tiles tiles(84);
  for (int round = 0; round < kRounds; ++round) {
    const unsigned groups = row_groups_of(round);
    TileBuffer<int16_t> x(tiles.tile<int16_t>(elements_of(groups)));
    TileBuffer<int16_t> mult(tiles.tile<int16_t>(kTile, 0, 32767));
    const auto greatest = tiles.number<int16_t>(-32768, 32767);
    const unsigned shift = tiles.number(0u, 30u);
    TileBuffer<int16_t> wide(elements_of(groups));
    TileBuffer<int8_t> narrow(elements_of(groups));
    std::vector<int16_t> want_wide(elements_of(groups));
    std::vector<int8_t> want_narrow(elements_of(groups));
    npu_log_mel_normalise_i16(x.data(), greatest, wide.data(), groups);
    npu_log_mel_normalise_i8(x.data(), greatest, mult.data(), shift, narrow.data(), groups);
    npu_log_mel_normalise_i16_ref(x.data(), greatest, want_wide.data(), groups);
    npu_log_mel_normalise_i8_ref(x.data(), greatest, mult.data(), shift, want_narrow.data(),
                                 groups);
    ASSERT_EQ(wide.values(), want_wide) << "round " << round;
    ASSERT_EQ(narrow.values(), want_narrow) << "round " << round;
  }
}

TEST_F(LogMel, RowsAndBandsNotAskedForAreNotTouched) {
  TileBuffer<int32_t> power(std::vector<int32_t>(kTileElements, 7));
  TileBuffer<int16_t> weights(std::vector<int16_t>(kWeightElements, 1));
  const std::vector<int32_t> none(kTile, 0), table = make_log_table();
  const LogMelParameters parameters{weights.data(), none.data(), table.data(), 24};
  TileBuffer<int16_t> out(std::vector<int16_t>(kTileElements, 99));
  npu_log_mel_i16(power.data(), &parameters, none.data(), out.data(), 2);
  const std::vector<int16_t> got = out.values();
  for (unsigned row = 0; row < kTile; ++row) {
    for (unsigned band = 0; band < kTile; ++band) {
      ASSERT_EQ(got[tile_index(row, band)] == 99, row >= 32 || band >= 24) << row << ' ' << band;
    }
  }
}

// An integer's logarithm is within 3e-5 of that of double, from one to the greatest.
TEST_F(LogMel, IntegerLogarithmIsWithinItsBound) {
  Tiles tiles(85);
  const std::vector<int32_t> table = make_log_table();
  for (int round = 0; round < 200000; ++round) {
    const int64_t wide = tiles.number<int64_t>(1, int64_t{1} << 62) >> tiles.number(0u, 62u);
    const auto value = static_cast<uint64_t>(std::max<int64_t>(1, wide));
    const double got = log10_of(value, table.data()) / static_cast<double>(1 << kLogBits);
    const double want = std::log10(static_cast<double>(value));
    ASSERT_LE(want - 3e-5, got) << value;
    ASSERT_LE(got, want + 1e-6) << value;
  }
}

// Samples that agree with every sign of a column make the greatest sum of all.
TEST_F(LogMel, LoudestFrameStaysWithinTheRangeOfThePower) {
  const auto greatest_sum = [](const std::vector<int16_t>& table, unsigned column) {
    double sum = 0;
    for (unsigned n = 0; n < kDftObjects * kTile; ++n) {
      sum += std::abs(table[n / kTile * kTileElements + wide_index(n % kTile, column)]);
    }
    return std::ldexp(sum, 15 - static_cast<int>(kDftShift)) + kDftObjects;
  };
  for (unsigned first = 0; first < kSpectrumBins; first += kTileBins) {
    const std::vector<int16_t> table = make_dft_table(first);
    for (unsigned bin = 0; bin < kTileBins; ++bin) {
      const double cosine = greatest_sum(table, cosine_column(bin));
      const double sine = greatest_sum(table, cosine_column(bin) + 4);
      ASSERT_LT(cosine * cosine + sine * sine, std::ldexp(1.0, 62)) << first + bin;
    }
  }
}

}  // namespace
